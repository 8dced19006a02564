//! The `assay` binary.

/// The system's allocator would take a fifth of what an inspection costs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    assay::cli::run()
}
