//! What a process tells about itself: metrics, log lines, traces.

mod documented;
mod exposition;
mod logs;
mod scraping;

#[cfg(all(feature = "provider", feature = "client"))]
mod counting;
#[cfg(all(feature = "provider", feature = "client"))]
mod traces;
