//! What a caller says about text.

use serde_json::{Map, Value};
use std::path::PathBuf;

/// What a row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A string.
    Text,
    /// A conversation.
    Messages,
    /// A prompt and what completes it: two strings, or two lists of messages.
    Prompt,
}

/// What is trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainOn {
    /// Every token: no mask.
    All,
    /// Every turn of the assistant.
    Assistant,
    /// The last turn of the assistant.
    Last,
    /// The completion of a prompt.
    Completion,
}

impl TrainOn {
    const ALL: [Self; 4] = [Self::All, Self::Assistant, Self::Last, Self::Completion];

    /// Name in the public surface.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Assistant => "assistant",
            Self::Last => "last",
            Self::Completion => "completion",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// What is trained on where nobody says so.
    #[must_use]
    pub fn default_of(shape: Shape) -> Self {
        match shape {
            Shape::Text => Self::All,
            Shape::Messages => Self::Assistant,
            Shape::Prompt => Self::Completion,
        }
    }
}

/// Everything that decides which ids and which mask a row becomes.
#[derive(Clone, Debug, PartialEq)]
pub struct TextOptions {
    /// A `tokenizer.json`, or a folder with one.
    pub tokenizer: PathBuf,
    /// What rows hold.
    pub shape: Shape,
    /// File of the chat template; none: the tokenizer's own.
    pub chat_template: Option<PathBuf>,
    /// Further names that the template may use.
    pub template_arguments: Map<String, Value>,
    /// What is trained on; none: by the shape.
    pub train_on: Option<TrainOn>,
    /// Whether the tokenizer's post-processor adds its special tokens; none: where no template
    /// made the text.
    pub add_special_tokens: Option<bool>,
    /// Whether strings of special tokens in content become those tokens; none: where no template
    /// made the text.
    pub special_tokens_in_content: Option<bool>,
}

impl TextOptions {
    /// The defaults.
    #[must_use]
    pub fn new(tokenizer: impl Into<PathBuf>, shape: Shape) -> Self {
        Self {
            tokenizer: tokenizer.into(),
            shape,
            chat_template: None,
            template_arguments: Map::new(),
            train_on: None,
            add_special_tokens: None,
            special_tokens_in_content: None,
        }
    }

    /// What is trained on.
    #[must_use]
    pub fn trains_on(&self) -> TrainOn {
        self.train_on.unwrap_or(TrainOn::default_of(self.shape))
    }
}
