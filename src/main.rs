//! The `oc` program.

fn main() -> std::process::ExitCode {
    oc::cli::run()
}
