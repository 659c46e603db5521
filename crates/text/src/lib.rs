//! Text and conversations to token ids and a mask of what is trained on.
//!
//! Ids are the reference's: those of the crate `tokenizers` and of `transformers`' chat templates,
//! or a refusal. What is trained on is found by places in one rendering and one tokenization, since
//! tokenizing turns apart gives other ids at the joints. Rows go in one at a time and come out
//! independent of one another, so any thread may take any row.
//!
//! The rooms: `tokenizer` (text to ids), `template` (conversation to text), `spans` (which characters
//! are trained on), and `encoder`, which puts them together.
#![forbid(unsafe_code)]

mod encoded;
mod encoder;
mod fault;
mod folder;
mod options;
mod row;
mod sentinel;
mod spans;
mod template;
mod tokenizer;

pub use encoded::{Encoded, Record};
pub use encoder::Encoder;
pub use fault::Fault;
pub use options::{Shape, TextOptions, TrainOn};
pub use row::Row;
