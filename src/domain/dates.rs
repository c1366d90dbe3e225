//! Dates as people read them, in Swiss local time.

use super::language::Language;
use super::timestamp::{SwissTime, Timestamp};

const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const MONTHS_FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const MONTHS_DE: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
const MONTHS_IT: [&str; 12] = [
    "gennaio",
    "febbraio",
    "marzo",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "agosto",
    "settembre",
    "ottobre",
    "novembre",
    "dicembre",
];

/// `20 November 2026`, `20. November 2026`, `1er novembre 2026`, `1º novembre 2026`.
#[must_use]
pub fn day(moment: Timestamp, language: Language) -> String {
    let SwissTime { year, month, day, .. } = moment.in_switzerland();
    let months = match language {
        Language::En => &MONTHS_EN,
        Language::Fr => &MONTHS_FR,
        Language::De => &MONTHS_DE,
        Language::It => &MONTHS_IT,
    };
    let month = usize::try_from(month - 1).ok().and_then(|at| months.get(at)).unwrap_or(&"");
    let mark = match (language, day) {
        (Language::De, _) => ".",
        (Language::Fr, 1) => "er",
        (Language::It, 1) => "º",
        _ => "",
    };
    format!("{day}{mark} {month} {year}")
}

/// `18:57`, `18.57 Uhr`, `18 h 57`, `ore 18.57`.
#[must_use]
pub fn time(moment: Timestamp, language: Language) -> String {
    let SwissTime { hour, minute, .. } = moment.in_switzerland();
    match language {
        Language::En => format!("{hour:02}:{minute:02}"),
        Language::De => format!("{hour:02}.{minute:02} Uhr"),
        Language::Fr => format!("{hour:02} h {minute:02}"),
        Language::It => format!("ore {hour:02}.{minute:02}"),
    }
}

/// `20 November 2026, 18:57`.
#[must_use]
pub fn day_and_time(moment: Timestamp, language: Language) -> String {
    format!("{}, {}", day(moment, language), time(moment, language))
}

/// `2026-11-20`, as fields of pages hold a day.
#[must_use]
pub fn iso_day(moment: Timestamp) -> String {
    let SwissTime { year, month, day, .. } = moment.in_switzerland();
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_day_is_written_as_in_each_language() {
        let (last, first) = (at("2026-11-20T17:57:06Z"), at("2026-08-01T10:00:00Z"));
        for (language, one, two) in [
            (Language::En, "20 November 2026", "1 August 2026"),
            (Language::Fr, "20 novembre 2026", "1er août 2026"),
            (Language::De, "20. November 2026", "1. August 2026"),
            (Language::It, "20 novembre 2026", "1º agosto 2026"),
        ] {
            assert_eq!((day(last, language).as_str(), day(first, language).as_str()), (one, two));
        }
    }

    #[test]
    fn it_is_the_day_and_the_hour_in_switzerland() {
        let moment = at("2026-07-31T22:30:00Z");
        assert_eq!(iso_day(moment), "2026-08-01");
        for (language, written) in [
            (Language::En, "1 August 2026, 00:30"),
            (Language::De, "1. August 2026, 00.30 Uhr"),
            (Language::Fr, "1er août 2026, 00 h 30"),
            (Language::It, "1º agosto 2026, ore 00.30"),
        ] {
            assert_eq!(day_and_time(moment, language), written);
        }
    }
}
