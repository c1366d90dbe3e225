//! What may happen to the machine of the provider role: its database breaks
//! down, its disk is full, its clock is wrong.

pub mod clock;
pub mod full_disk;
pub mod restart;
