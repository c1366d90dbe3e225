//! The `oc` program.

/// Most memory is taken on one thread and given back on another, which the
/// system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    oc::cli::run()
}
