//! Wrong codes: who waits for how long, and who does not.

use std::net::IpAddr;

use oc::config::{GuessLimits, Limits as Settings};
use oc::domain::ids::TenantId;
use oc::platform::limits::{Guess, Guesses, TooMany, Way};

use super::{Hand, limits};

const DEFAULTS: GuessLimits =
    GuessLimits { per_code: 5, per_address: 20, per_address_day: 100, per_tenant: 60, per_instance: 600 };

fn guesses(counts: GuessLimits, hand: &Hand) -> Guesses {
    limits(&Settings { guesses: counts, ..Settings::default() }, hand.clock()).guesses()
}

fn guess<'a>(code: &'a str, address: &str) -> Guess<'a> {
    Guess { code, address: address.parse::<IpAddr>().unwrap(), way: Way::Code }
}

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

/// Makes a wrong guess; the seconds to wait instead, 0 if it was made.
async fn wrong(guesses: &Guesses, guess: &Guess<'_>) -> u64 {
    guesses.take(guess).await.map_or_else(|TooMany(wait)| wait.as_secs(), |()| 0)
}

/// Makes a right guess; the seconds to wait instead, 0 if it was made.
async fn right(guesses: &Guesses, guess: &Guess<'_>) -> u64 {
    let wait = wrong(guesses, guess).await;
    if wait == 0 {
        guesses.note_right(guess, None).await;
    }
    wait
}

#[actix_web::test]
async fn after_five_wrong_guesses_this_address_waits_for_this_code_ever_longer() {
    let hand = Hand::default();
    let guesses = guesses(GuessLimits { per_address: 0, per_address_day: 0, ..DEFAULTS }, &hand);
    let (mine, other) = (guess("K7QM4", "192.0.2.1"), guess("K7QM4", "192.0.2.2"));
    for _ in 0..5 {
        assert_eq!(wrong(&guesses, &mine).await, 0);
    }
    for expected in [30, 60, 120, 240, 480, 960, 1_800, 1_800] {
        assert_eq!(wrong(&guesses, &mine).await, expected);
        assert_eq!(right(&guesses, &other).await, 0);
        assert_eq!(right(&guesses, &guess("other", "192.0.2.1")).await, 0);
        hand.forward(expected - 1);
        assert_eq!(right(&guesses, &mine).await, 1);
        hand.forward(1);
        assert_eq!(wrong(&guesses, &mine).await, 0);
    }
    hand.forward(1_800 + 600);
    for _ in 0..5 {
        assert_eq!(wrong(&guesses, &mine).await, 0);
    }
}

#[actix_web::test]
async fn a_right_guess_costs_nothing_and_lets_this_address_mistype_again() {
    let hand = Hand::default();
    let guesses = guesses(DEFAULTS, &hand);
    let mine = guess("K7QM4", "192.0.2.1");
    for _ in 0..200 {
        assert_eq!(right(&guesses, &mine).await, 0);
    }
    for _ in 0..4 {
        for _ in 0..4 {
            assert_eq!(wrong(&guesses, &mine).await, 0);
        }
        assert_eq!(right(&guesses, &mine).await, 0);
    }
    for _ in 0..4 {
        assert_eq!(wrong(&guesses, &mine).await, 0);
    }
    assert_eq!(right(&guesses, &mine).await, 30, "twenty wrong ones stay counted for the address");
}

#[actix_web::test]
async fn an_address_has_twenty_wrong_guesses_in_ten_minutes_and_a_hundred_in_a_day() {
    let hand = Hand::default();
    let guesses = guesses(DEFAULTS, &hand);
    let mut made = 0;
    // One every 30 seconds comes back, until those of the day are used up.
    for step in 0..2_000_u32 {
        let code = format!("code {step}");
        if wrong(&guesses, &guess(&code, "2001:db8::1")).await == 0 {
            made += 1;
        } else if made == 20 {
            let neighbour = guess("x", "2001:db8::ffff:ffff:ffff:ffff");
            assert_eq!(right(&guesses, &neighbour).await, 30, "the same network of 64 bits");
            assert_eq!(right(&guesses, &guess("x", "2001:db8:0:1::1")).await, 0);
            hand.forward(30);
        } else {
            hand.forward(30);
        }
        if made > 100 {
            break;
        }
    }
    assert!((100..=102).contains(&made), "{made}");
    let waits = right(&guesses, &guess("x", "2001:db8::1")).await;
    assert!(waits <= 864, "one comes back every 864 seconds: {waits}");
}

#[actix_web::test]
async fn guesses_at_a_tenant_and_at_the_instance_are_bounded_but_links_still_open() {
    let hand = Hand::default();
    let guesses = guesses(GuessLimits { per_instance: 100, ..DEFAULTS }, &hand);
    let (mine, others) = (tenant("mine"), tenant("others"));
    let by = |i: u32| format!("198.51.100.{i}");
    for i in 0..60 {
        assert_eq!(wrong(&guesses, &guess("K7QM4", &by(i))).await, 0);
        assert!(guesses.take_of_tenant(&mine).await.is_ok());
    }
    assert!(guesses.take_of_tenant(&mine).await.is_err());
    for _ in 0..100 {
        assert!(guesses.take_of_tenant(&others).await.is_ok());
        guesses.give_back_to_tenant(&others).await;
    }
    for i in 60..100 {
        assert_eq!(wrong(&guesses, &guess("K7QM4", &by(i))).await, 0);
    }
    assert!(guesses.take(&guess("new", "192.0.2.1")).await.is_err());
    let by_link = Guess { way: Way::Link, ..guess("link", "192.0.2.1") };
    assert_eq!(right(&guesses, &by_link).await, 0);
    hand.forward(60);
    assert_eq!(right(&guesses, &guess("new", "192.0.2.1")).await, 0);
}

#[actix_web::test]
async fn what_has_to_wait_takes_nothing_from_anybody() {
    let hand = Hand::default();
    let guesses = guesses(GuessLimits { per_address: 3, per_instance: 10, ..DEFAULTS }, &hand);
    for i in 0..100 {
        let code = format!("code {i}");
        assert_eq!(wrong(&guesses, &guess(&code, "192.0.2.1")).await > 0, i >= 3);
    }
    for i in 0..7 {
        assert_eq!(wrong(&guesses, &guess("K7QM4", &format!("198.51.100.{i}"))).await, 0);
    }
    assert!(guesses.take(&guess("K7QM4", "198.51.100.9")).await.is_err());
}

#[actix_web::test]
async fn what_nobody_could_look_at_costs_nothing() {
    let hand = Hand::default();
    let guesses = guesses(DEFAULTS, &hand);
    let mine = guess("K7QM4", "192.0.2.1");
    for _ in 0..4 {
        assert_eq!(wrong(&guesses, &mine).await, 0);
    }
    for _ in 0..200 {
        assert_eq!(wrong(&guesses, &mine).await, 0);
        guesses.give_back(&mine).await;
    }
    assert_eq!(wrong(&guesses, &mine).await, 0);
    assert_eq!(wrong(&guesses, &mine).await, 30, "the wrong ones before stay counted");
}

#[actix_web::test]
async fn a_count_of_zero_is_no_limit() {
    let guesses = guesses(GuessLimits::default(), &Hand::default());
    for _ in 0..1_000 {
        assert_eq!(wrong(&guesses, &guess("K7QM4", "192.0.2.1")).await, 0);
        assert!(guesses.take_of_tenant(&tenant("mine")).await.is_ok());
    }
}

#[actix_web::test]
async fn who_has_many_networks_of_64_bits_has_five_budgets_of_an_address() {
    let hand = Hand::default();
    let guesses = guesses(GuessLimits { per_address: 3, ..DEFAULTS }, &hand);
    let mut made = 0;
    for i in 0..100 {
        let (code, address) = (format!("code {i}"), format!("2001:db8:7:{i:x}::1"));
        made += usize::from(wrong(&guesses, &guess(&code, &address)).await == 0);
    }
    assert_eq!(made, 15);
    assert_eq!(wrong(&guesses, &guess("x", "2001:db8:8::1")).await, 0, "another network");
    let by_link = Guess { way: Way::Link, ..guess("link", "2001:db8:7::1") };
    assert_eq!(wrong(&guesses, &by_link).await, 0);
}

#[actix_web::test]
async fn requests_of_a_network_are_counted_too_and_say_whose_budget_is_used_up() {
    let settings = Settings { address_per_minute: 4, ..Settings::default() };
    let limits = limits(&settings, Hand::default().clock());
    for i in 0..30_u32 {
        let address = format!("2001:db8:7:{i:x}::1").parse().unwrap();
        let standing = limits.take_of_address(address).await.unwrap();
        let expected = if i < 20 { ("address", 4, true) } else { ("network", 20, false) };
        let found = (standing.policy, standing.rule.burst, standing.found.wait.is_zero());
        assert_eq!(found, expected, "{i}");
    }
    for i in 0..6 {
        let standing = limits.take_of_address("192.0.2.1".parse().unwrap()).await.unwrap();
        assert_eq!((standing.policy, standing.found.wait.is_zero()), ("address", i < 4));
    }
}
