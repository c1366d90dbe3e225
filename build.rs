//! Migrations are embedded at compile time; cargo has to be told that they matter.

fn main() {
    for folder in ["migrations_provider", "migrations_client", "templates", "assets"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
