//! Which columns hold text.

use serde_json::Value;
use stowage_text::{Row, TextOptions};

/// Sources with text instead of token ids.
#[derive(Clone, Debug, PartialEq)]
pub struct TextSource {
    /// Tokenizer, template, what is trained on.
    pub options: TextOptions,
    /// The columns.
    pub columns: TextColumns,
    /// Text of the token that ends a document, in place of its id.
    pub eos_token: Option<String>,
}

/// Names of the columns that hold text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextColumns {
    /// Plain text.
    Text(String),
    /// Conversations.
    Messages {
        /// Lists of messages.
        messages: String,
        /// Tool definitions.
        tools: Option<String>,
    },
    /// Prompts and completions.
    Prompt {
        /// Strings, or lists of messages.
        prompt: String,
        /// The same.
        completion: String,
        /// Tool definitions.
        tools: Option<String>,
    },
}

impl TextColumns {
    /// All of them; those of tools last.
    pub(crate) fn names(&self) -> Vec<&str> {
        match self {
            Self::Text(text) => vec![text],
            Self::Messages { messages, tools } => {
                [messages.as_str()].into_iter().chain(tools.as_deref()).collect()
            }
            Self::Prompt { prompt, completion, tools } => {
                [prompt.as_str(), completion].into_iter().chain(tools.as_deref()).collect()
            }
        }
    }

    /// The first of them, without which nothing is a source.
    pub(crate) fn first(&self) -> &str {
        self.names()[0]
    }

    /// Whether a row may be without the column at `place`: not every conversation has tools.
    pub(super) fn is_optional(&self, place: usize) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Messages { .. } => place == 1,
            Self::Prompt { .. } => place == 2,
        }
    }

    /// A row of these values.
    pub(super) fn row(&self, values: Vec<Value>) -> Row {
        let mut values = values.into_iter();
        let mut next = || values.next().unwrap_or(Value::Null);
        match self {
            Self::Text(_) => Row::Text(next()),
            Self::Messages { .. } => Row::Messages { messages: next(), tools: next() },
            Self::Prompt { .. } => {
                Row::Prompt { prompt: next(), completion: next(), tools: next() }
            }
        }
    }
}
