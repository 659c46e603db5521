//! A conversation, the text it became, and its turns.

use crate::Fault;
use crate::row::Message;
use crate::sentinel::Rendered;
use crate::template::{Setting, Template, to_value};
use crate::tokenizer::Tokenizer;
use minijinja::Value;
use serde_json::{Map, Value as Json};

/// What spans are found from.
pub(crate) struct Turns<'a> {
    pub template: &'a Template,
    pub tokenizer: &'a Tokenizer,
    pub setting: &'a Setting,
    pub messages: &'a [Message],
    /// The messages as the template gets them, sentinels in special tokens included.
    pub fields: &'a [Map<String, Json>],
    pub values: &'a [Value],
    /// Messages of the prompt, where there is one.
    pub prompt: usize,
    /// The whole conversation, rendered.
    pub whole: &'a Rendered,
}

impl Turns<'_> {
    /// The messages that are trained on: every turn of the assistant or the last, and what messages
    /// say of themselves.
    pub(super) fn wanted(&self, last: bool) -> Result<Vec<usize>, Fault> {
        let last = last.then(|| self.messages.iter().rposition(|it| it.role() == "assistant"));
        let mut wanted = Vec::new();
        for (at, message) in self.messages.iter().enumerate() {
            let own = message.role() == "assistant";
            if message.train == Some(true) && !own {
                return Err(Fault::Row(format!(
                    "message {at}: it says that it is trained on, and its role is '{}'; only turns \
                     of the assistant can be",
                    message.role()
                )));
            }
            let by_option = own && last.is_none_or(|last| last == Some(at));
            if message.train.unwrap_or(by_option) {
                wanted.push(at);
            }
        }
        Ok(wanted)
    }

    /// Renders the first `count` messages.
    pub(super) fn rendered(&self, count: usize, prompt: bool) -> Result<Rendered, Fault> {
        let text = self.template.render(&self.values[..count], prompt, self.setting)?;
        Ok(self.setting.sentinels.taken_out(&text))
    }

    /// Renders all messages with other fields.
    pub(super) fn rendered_with(&self, fields: &[Map<String, Json>]) -> Result<Rendered, Fault> {
        let values: Result<Vec<Value>, Fault> = fields
            .iter()
            .map(|fields| to_value(&Json::Object(fields.clone()), &str::to_string))
            .collect();
        let text = self.template.render(&values?, false, self.setting)?;
        Ok(self.setting.sentinels.taken_out(&text))
    }

    /// The fault of a turn that can't be found in the text.
    pub(super) fn lost(message: usize) -> Fault {
        Fault::Template(format!(
            "message {message}: the chat template writes turns otherwise when more follow, and this \
             one's text can't be found in the whole, so what is trained on can't be told; set trainOn \
             to 'last' (the last turn of the assistant) or 'all', or use a template with \
             {{% generation %}} marks around what the assistant says (docs/from-text.md shows how)"
        ))
    }
}
