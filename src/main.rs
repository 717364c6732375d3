//! The binary; everything is in the library.

/// Gives memory back: the system's allocator keeps the 19 MiB that hashing a password takes, once for each thread that it came by.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    // In test builds only.
    let _places_to_die = fail::has_failpoints().then(fail::FailScenario::setup);
    tenure::cli::main()
}
