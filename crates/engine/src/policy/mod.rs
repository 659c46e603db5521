//! Sequences that no pack can hold as they are, and the account of their tokens.

mod classes;
mod fate;
mod ledger;
mod sequences;

pub use classes::{AdmittedClasses, admit_classes};
pub use ledger::Ledger;
pub use sequences::{Admitted, Pieces, admit};
