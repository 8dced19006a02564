//! The `assay` binary.

fn main() -> std::process::ExitCode {
    assay::cli::run()
}
