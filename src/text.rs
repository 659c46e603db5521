//! Text for JavaScript: columns and options in, tokens with their places out.

use crate::job::{self, JobControl};
use napi::bindgen_prelude::{Env, Object, Result};
use napi_derive::napi;
use stowage_dataset::{
    Encoded, Rows, Shape, TextColumns as Columns, TextOptions, TextSource, TrainOn,
};

/// Checked options of text; choices are places in the lists of `ts/text/options.ts`.
#[napi(object, object_to_js = false, use_nullable = true)]
pub struct TextColumns {
    /// A `tokenizer.json` or its folder.
    pub tokenizer: String,
    /// Column of text.
    pub text: Option<String>,
    /// Column of conversations.
    pub messages: Option<String>,
    /// Column of prompts.
    pub prompt: Option<String>,
    /// Column of completions.
    pub completion: Option<String>,
    /// Column of tool definitions.
    pub tools: Option<String>,
    /// File of the chat template.
    pub chat_template: Option<String>,
    /// An object, as JSON.
    pub template_arguments: String,
    /// all, assistant, last, completion.
    pub train_on: Option<u32>,
    /// Tokens of the post-processor.
    pub add_special_tokens: Option<bool>,
    /// Special tokens in content.
    pub special_tokens_in_content: Option<bool>,
    /// The end-of-document token, by its text.
    pub eos_token: Option<String>,
}

const TRAIN_ON: [TrainOn; 4] =
    [TrainOn::All, TrainOn::Assistant, TrainOn::Last, TrainOn::Completion];

impl From<TextColumns> for TextSource {
    fn from(given: TextColumns) -> Self {
        let TextColumns { text, messages, prompt, completion, tools, .. } = given;
        let (shape, columns) = match (text, messages, prompt, completion) {
            (Some(text), ..) => (Shape::Text, Columns::Text(text)),
            (_, Some(messages), ..) => (Shape::Messages, Columns::Messages { messages, tools }),
            (_, _, Some(prompt), Some(completion)) => {
                (Shape::Prompt, Columns::Prompt { prompt, completion, tools })
            }
            _ => unreachable!("one of the three is checked to be there"),
        };
        let mut options = TextOptions::new(given.tokenizer, shape);
        options.chat_template = given.chat_template.map(Into::into);
        options.template_arguments =
            serde_json::from_str(&given.template_arguments).expect("an object was written");
        options.train_on = given.train_on.map(|place| TRAIN_ON[place as usize]);
        options.add_special_tokens = given.add_special_tokens;
        options.special_tokens_in_content = given.special_tokens_in_content;
        Self { options, columns, eos_token: given.eos_token }
    }
}

/// A row as tokens.
#[napi(object, object_from_js = false, use_nullable = true)]
pub struct TokenizedRow {
    /// Token ids.
    pub ids: Vec<u32>,
    /// Begin and end of each token in `text`, behind one another, in UTF-16 units.
    pub offsets: Vec<u32>,
    /// 1 where a token is trained on.
    pub trained: Vec<u32>,
    /// What was tokenized.
    pub text: String,
}

impl From<Encoded> for TokenizedRow {
    fn from(row: Encoded) -> Self {
        let offsets =
            row.utf16_offsets().into_iter().flat_map(|(start, end)| [start, end]).collect();
        let trained = match row.trained {
            Some(marks) => marks.into_iter().map(u32::from).collect(),
            None => vec![1; row.ids.len()],
        };
        Self { ids: row.ids, offsets, trained, text: row.text }
    }
}

/// Tokenizes rows from memory (`objects`, each as JSON), or the first `limit` of `inputs`.
///
/// # Errors
/// As `stowage_dataset::tokenize`.
#[napi(catch_unwind, ts_return_type = "Promise<TokenizedRow[]>")]
pub fn tokenize<'env>(
    env: &'env Env,
    text: TextColumns,
    objects: Option<Vec<String>>,
    inputs: Vec<String>,
    split: Option<String>,
    limit: u32,
    threads: u32,
    control: &JobControl,
) -> Result<Object<'env>> {
    let source = text.into();
    let rows = match objects {
        Some(objects) => Rows::Objects(objects),
        None => Rows::Files { inputs, split, limit: limit as usize },
    };
    job::spawn(
        env,
        control,
        threads,
        move |watch, threads| stowage_dataset::tokenize(&source, &rows, threads, watch),
        |_, rows| Ok(rows.into_iter().map(TokenizedRow::from).collect::<Vec<_>>()),
    )
}
