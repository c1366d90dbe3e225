//! A PDF, read by a reader of others (poppler).

use std::process::{Command, Stdio};

use super::scratch::Scratch;

/// A file, and the programs that read it.
pub struct Pdf {
    folder: Scratch,
}

/// A word and where it stands, in millimetres from the upper left corner.
#[derive(Debug)]
pub struct Word {
    pub text: String,
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

/// A picture in shades of grey.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub grey: Vec<u8>,
}

impl Pdf {
    /// `None`, and a loud line, where no reader is installed.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if Command::new("pdftotext").arg("-v").stderr(Stdio::null()).status().is_err() {
            eprintln!("\nSKIPPED !!! poppler-utils are missing: the letter was NOT read !!!\n");
            return None;
        }
        assert!(bytes.starts_with(b"%PDF-1."), "no PDF");
        let folder = Scratch::new("pdf");
        std::fs::write(folder.path().join("letter.pdf"), bytes).unwrap();
        Some(Self { folder })
    }

    fn run(&self, program: &str, before: &[&str], after: &[&str]) -> Vec<u8> {
        let mut command = Command::new(program);
        let ended =
            command.args(before).arg(self.folder.path().join("letter.pdf")).args(after).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        // Older readers complain of a key that ISO 32000-1, table 321, has as a boolean.
        let mut complaints = said.lines().filter(|line| !line.contains("Suspects object is wrong type"));
        assert!(ended.status.success() && complaints.all(|line| line.trim().is_empty()), "{program}: {said}");
        ended.stdout
    }

    /// What is said of the file, with what is said of its structure.
    pub fn info(&self) -> String {
        let said =
            [self.run("pdfinfo", &["-isodates"], &[]), self.run("pdfinfo", &["-struct-text"], &[])].concat();
        String::from_utf8_lossy(&said).into_owned()
    }

    /// Everything that can be read, on one line.
    pub fn text(&self) -> String {
        one_line(&self.run("pdftotext", &["-raw"], &["-"]))
    }

    /// The same within an area, in millimetres.
    pub fn text_in(&self, [x, y, width, height]: [u32; 4]) -> String {
        // So that ten dots are a millimetre.
        let [x, y, width, height] = [x, y, width, height].map(|length| (length * 10).to_string());
        let area = ["-r", "254", "-x", &x, "-y", &y, "-W", &width, "-H", &height];
        one_line(&self.run("pdftotext", &area, &["-"]))
    }

    /// Every word.
    pub fn words(&self) -> Vec<Word> {
        let html = String::from_utf8(self.run("pdftotext", &["-bbox"], &["-"])).unwrap();
        let word = |line: &str| {
            let (places, rest) = line.trim().strip_prefix("<word ")?.split_once('>')?;
            let place = |name: &str| {
                let text = places.split_once(&format!("{name}=\""))?.1.split('"').next()?;
                text.parse::<f32>().ok().map(|points| points * 25.4 / 72.0)
            };
            let text = rest.strip_suffix("</word>")?.to_owned();
            Some(Word {
                text,
                left: place("xMin")?,
                top: place("yMin")?,
                right: place("xMax")?,
                bottom: place("yMax")?,
            })
        };
        html.lines().filter_map(word).collect()
    }

    /// The page as it is printed with so many dots per inch.
    pub fn picture(&self, dots: u32) -> Picture {
        let said = self.run("pdftoppm", &["-gray", "-r", &dots.to_string()], &[]);
        let head: Vec<&[u8]> = said.splitn(4, |byte| matches!(byte, b' ' | b'\n')).collect();
        let number = |bytes: &[u8]| std::str::from_utf8(bytes).unwrap().parse::<usize>().unwrap();
        let [b"P5", width, height, rest] = head[..] else { panic!("no picture") };
        let grey = rest[rest.iter().position(|byte| *byte == b'\n').unwrap() + 1..].to_vec();
        Picture { width: number(width), height: number(height), grey }
    }
}

impl Picture {
    /// What the QR codes in it say.
    pub fn qr_codes(&self) -> Vec<String> {
        let grey = |x: usize, y: usize| self.grey[y * self.width + x];
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(self.width, self.height, grey);
        image.detect_grids().iter().map(|grid| grid.decode().unwrap().1).collect()
    }
}

fn one_line(bytes: &[u8]) -> String {
    let text = std::str::from_utf8(bytes).unwrap();
    // Splits at spaces that don't break, too.
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
