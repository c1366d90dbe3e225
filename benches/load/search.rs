//! How long a search takes that has to look at every document.

use std::time::Duration;

use crate::client;
use crate::operations::Operation;
use crate::stage::Stage;

/// Prints the time of one search after the other.
pub fn measure(stage: &Stage, length: Duration) {
    let sample = client::run(stage, Operation::Search, 1, length);
    assert_eq!(sample.errors, 0);
    let millis = |q| f64::from(sample.quantile(q)) / 1_000.0;
    let (documents, half, most) = (stage.documents, millis(0.5), millis(0.99));
    println!("a search through {documents} documents takes {half:.0} ms (median), {most:.0} ms (p99)");
}
