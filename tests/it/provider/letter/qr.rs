//! The link as a QR code alone.

use super::{LINK, anna, receipt};
use crate::provider::Provider;
use crate::support::pdf::Picture;
use crate::support::receiver::Receiver;

/// Draws a picture that consists of squares `M x y h n v1 h-n z`, eight dots to a unit.
fn drawn(svg: &str) -> Picture {
    const DOTS: usize = 8;
    let between = |from: &str, to: &str| svg.split_once(from).unwrap().1.split(to).next().unwrap().to_owned();
    let side: usize = between("viewBox=\"0 0 ", " ").parse().unwrap();
    let mut grey = vec![255; side * DOTS * side * DOTS];
    let dark = svg.rsplit_once(" d=\"").unwrap().1.split('"').next().unwrap();
    for run in dark.split('M').skip(1) {
        let numbers: Vec<usize> =
            run.split([' ', 'h', 'v', 'z', '-']).filter_map(|number| number.parse().ok()).collect();
        let [x, y, length, 1, back] = numbers[..] else { panic!("{run}") };
        assert_eq!(length, back);
        for row in y * DOTS..(y + 1) * DOTS {
            let start = row * side * DOTS + x * DOTS;
            grey[start..start + length * DOTS].fill(0);
        }
    }
    Picture { width: side * DOTS, height: side * DOTS, grey }
}

#[actix_web::test]
async fn the_qr_code_leads_to_the_link_and_has_a_name() {
    let receiver = Receiver::start(receipt());
    let provider = Provider::to(&receiver, &[]).await;
    for (language, name) in
        [("de", "QR-Code mit dem Link zum Dokument"), ("en", "QR code with the link to the document")]
    {
        let id = provider.ready_for(anna(language), "none").await;
        provider.send(&id).await.expect(200);
        let svg = provider.qr(&id).await.text();
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""), "{svg}");
        assert!(svg.contains("role=\"img\"") && svg.contains(&format!("<title>{name}</title>")), "{svg}");
        assert!(!svg.contains("style") && !svg.contains("script") && !svg.contains(LINK), "{svg}");
        assert_eq!(drawn(&svg).qr_codes(), [LINK]);
    }
}
