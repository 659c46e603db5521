//! Rows to tokens: everything that a caller's options decide is decided here, once.

use crate::Fault;
use crate::encoded::{Encoded, Record};
use crate::folder::Folder;
use crate::options::{Shape, TextOptions, TrainOn};
use crate::row::{Message, Row, held, kind_of, messages, tools};
use crate::sentinel::{Mark, Sentinels};
use crate::spans::{Turns, spans, trained};
use crate::template::{Setting, Template, to_value};
use crate::tokenizer::{Tokenizer, Tokens, VERSION, sha256};
use minijinja::Value;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::ops::Range;

/// What the template is given in any case.
const GIVEN: [&str; 4] = ["messages", "tools", "documents", "add_generation_prompt"];

/// A tokenizer with a template and options, ready for rows. Any number of threads may use it.
pub struct Encoder {
    tokenizer: Tokenizer,
    template: Option<Template>,
    /// The one for rows with tools, where it is another.
    tool_template: Option<Template>,
    options: TextOptions,
}

impl Encoder {
    /// Loads the tokenizer and compiles the template.
    ///
    /// # Errors
    /// [`Fault::Io`] for files that can't be read; [`Fault::Option`] for options that don't go
    /// together, and for a tokenizer or template that doesn't give the reference's ids.
    pub fn load(options: TextOptions) -> Result<Self, Fault> {
        check(&options)?;
        let folder = Folder::open(&options.tokenizer)?;
        let plain =
            options.special_tokens_in_content.map_or(options.shape != Shape::Text, |is| !is);
        let tokenizer = Tokenizer::load(&folder.tokenizer, plain)?;
        let (mut template, mut tool_template) = (None, None);
        if options.shape != Shape::Text {
            let own = if let Some(path) = &options.chat_template {
                let bytes = std::fs::read(path).map_err(|error| Fault::io(path, &error))?;
                let text = String::from_utf8(bytes).map_err(|_| {
                    Fault::Option(format!("the chat template {} isn't UTF-8", path.display()))
                })?;
                [Some(text), None]
            } else {
                let (plain, with_tools) = (folder.template(false)?, folder.template(true)?);
                let other = with_tools.filter(|other| plain.as_ref() != Some(other));
                [plain, other]
            };
            let made = |text: &String| compiled(text, &folder, &options);
            template = own[0].as_ref().map(made).transpose()?;
            tool_template = own[1].as_ref().map(made).transpose()?;
        }
        if template.is_none() && options.shape == Shape::Messages {
            return Err(Fault::Option(format!(
                "{} has no chat template (chat_template.jinja, or chat_template of \
                 tokenizer_config.json); name a file with chatTemplate",
                options.tokenizer.display()
            )));
        }
        Ok(Self { tokenizer, template, tool_template, options })
    }

    /// What these options are, for a data set to remember.
    #[must_use]
    pub fn record(&self) -> Record {
        let digest = self.template.as_ref().map(|plain| match &self.tool_template {
            Some(other) => sha256([plain.source(), other.source()].join("\0").as_bytes()),
            None => sha256(plain.source().as_bytes()),
        });
        let by_shape = |given: Option<bool>| match (given, self.options.shape) {
            (Some(given), _) => Some(given),
            (None, Shape::Text) => Some(true),
            (None, Shape::Messages) => Some(false),
            (None, Shape::Prompt) => None,
        };
        Record {
            tokenizer_sha256: self.tokenizer.sha256().to_string(),
            template_sha256: digest,
            template_arguments: self.options.template_arguments.clone(),
            train_on: self.options.trains_on(),
            add_special_tokens: by_shape(self.options.add_special_tokens),
            special_tokens_in_content: by_shape(self.options.special_tokens_in_content),
            tokenizers_version: VERSION,
        }
    }

    /// One more than the highest token id, added tokens included.
    #[must_use]
    pub fn vocabulary(&self) -> u32 {
        self.tokenizer.vocabulary()
    }

    /// The id of the token with this text.
    #[must_use]
    pub fn id_of(&self, token: &str) -> Option<u32> {
        self.tokenizer.id_of(token)
    }

    /// Whether some tokens may not be trained on: a mask is needed.
    #[must_use]
    pub fn masks(&self) -> bool {
        self.options.trains_on() != TrainOn::All
    }

    /// A row to tokens. Without `places`, offsets may be left out.
    ///
    /// # Errors
    /// [`Fault::Row`] for a row that is wrong, [`Fault::Template`] for one that shows that an option
    /// can't be kept.
    pub fn encode(&self, row: &Row, places: bool) -> Result<Encoded, Fault> {
        match row {
            Row::Text(Json::String(text)) => self.plain(text.clone(), None, places),
            Row::Text(other) => Err(Fault::Row(format!("{}, not a text", kind_of(other)))),
            Row::Messages { messages: list, tools } => {
                let list = messages(list, "messages")?;
                let count = list.len();
                self.conversation(&list, count, tools, places)
            }
            Row::Prompt { prompt: Json::String(prompt), completion: Json::String(end), .. }
                if !is_list(prompt) || !is_list(end) =>
            {
                let border = prompt.len();
                self.plain(format!("{prompt}{end}"), Some(border), places)
            }
            Row::Prompt { prompt, completion, tools } => {
                for (what, part) in [("prompt", prompt), ("completion", completion)] {
                    let other = if what == "prompt" { completion } else { prompt };
                    let fits = part.is_array() || (part.is_string() && other.is_string());
                    if !fits {
                        return Err(Fault::Row(format!(
                            "{what}: {}; a prompt and its completion are both strings or both lists \
                             of messages",
                            kind_of(part)
                        )));
                    }
                }
                let mut list = messages(prompt, "prompt")?;
                let border = list.len();
                list.extend(messages(completion, "completion")?);
                self.conversation(&list, border, tools, places)
            }
        }
    }

    /// A text that no template made; behind `border` its completion begins.
    fn plain(&self, text: String, border: Option<usize>, places: bool) -> Result<Encoded, Fault> {
        let train_on = self.options.trains_on();
        let span = match (train_on, border) {
            (TrainOn::All, _) => None,
            (TrainOn::Completion, Some(border)) => Some(border..text.len()),
            _ => {
                return Err(Fault::Template(format!(
                    "trainOn '{}' is for conversations, and prompt and completion are strings; set \
                     it to 'completion' or 'all'",
                    train_on.name()
                )));
            }
        };
        let as_tokens = self.options.special_tokens_in_content.unwrap_or(true);
        let special_in_content = !as_tokens && !self.tokenizer.special().places(&text).is_empty();
        let want = places || span.is_some();
        let tokens = if as_tokens && self.options.shape == Shape::Prompt {
            self.tokenizer.encode_cut(&text, &[], want)?
        } else {
            self.tokenizer.encode(&text, want)?
        };
        let add = self.options.add_special_tokens.unwrap_or(true);
        let spans = span.map(|span| vec![span]);
        self.finished(text, tokens, spans.as_deref(), add, special_in_content)
    }

    fn conversation(
        &self,
        list: &[Message],
        prompt: usize,
        given: &Json,
        places: bool,
    ) -> Result<Encoded, Fault> {
        let given = tools(given)?;
        let with_tools = given.as_array().is_some_and(|list| !list.is_empty());
        let own = self.tool_template.as_ref().filter(|_| with_tools);
        let Some(template) = own.or(self.template.as_ref()) else {
            return Err(Fault::Template(
                "the row holds messages, and the tokenizer has no chat template; name a file with \
                 chatTemplate"
                    .to_string(),
            ));
        };
        let as_tokens = self.options.special_tokens_in_content.unwrap_or(false);
        let whole: Vec<Json> = list.iter().map(|one| Json::Object(one.fields.clone())).collect();
        let sentinels = Sentinels::besides(&held(whole.iter().chain([&given])))?;
        let mut special_in_content = false;
        let mut guarded = |json: &Json| {
            if as_tokens {
                json.clone()
            } else {
                self.guard(json, &sentinels, &mut special_in_content)
            }
        };
        let fields: Vec<Map<String, Json>> = whole
            .iter()
            .filter_map(|one| match guarded(one) {
                Json::Object(fields) => Some(fields),
                _ => None,
            })
            .collect();
        let guarded_tools = guarded(&given);
        let values = |of: &mut dyn Iterator<Item = Json>| -> Result<Vec<Value>, Fault> {
            of.map(|one| to_value(&one, &str::to_string)).collect()
        };
        let setting = Setting {
            tools: to_value(&guarded_tools, &str::to_string)?,
            sentinels: sentinels.clone(),
        };
        let own = values(&mut fields.iter().cloned().map(Json::Object))?;
        let rendered = sentinels.taken_out(&template.render(&own, false, &setting)?);
        if special_in_content {
            let bare = Setting { tools: to_value(&given, &str::to_string)?, ..setting.clone() };
            let text = template.render(&values(&mut whole.into_iter())?, false, &bare)?;
            if sentinels.taken_out(&text).text != rendered.text {
                return Err(Fault::Row(
                    "its content holds strings of special tokens, and the chat template makes \
                     another text of them when they are kept apart; set specialTokensInContent to \
                     true, or take them out"
                        .to_string(),
                ));
            }
        }
        let train_on = self.options.trains_on();
        let found = if train_on == TrainOn::All {
            if let Some(at) = list.iter().position(|one| one.train == Some(false)) {
                return Err(Fault::Row(format!(
                    "message {at}: it says that it isn't trained on, and trainOn 'all' has no mask; \
                     set trainOn to 'assistant'"
                )));
            }
            None
        } else {
            let turns = Turns {
                template,
                tokenizer: &self.tokenizer,
                setting: &setting,
                messages: list,
                fields: &fields,
                values: &own,
                prompt,
                whole: &rendered,
            };
            Some(spans(&turns, train_on)?)
        };
        let want = places || found.is_some();
        let tokens = if as_tokens {
            self.tokenizer.encode(&rendered.text, want)?
        } else {
            self.tokenizer.encode_cut(&rendered.text, &rendered.places(Mark::Special), want)?
        };
        let add = self.options.add_special_tokens.unwrap_or(false);
        if add
            && let Some(first) = tokens.ids.first()
            && self.tokenizer.added().0.contains(first)
        {
            let name = self.tokenizer.token_of(*first).unwrap_or_default();
            return Err(Fault::Template(format!(
                "the chat template writes '{name}' at the beginning, and addSpecialTokens would put \
                 it there twice; leave addSpecialTokens out"
            )));
        }
        self.finished(rendered.text, tokens, found.as_deref(), add, special_in_content)
    }

    /// A sentinel within every special token of every string.
    fn guard(&self, json: &Json, sentinels: &Sentinels, any: &mut bool) -> Json {
        match json {
            Json::String(text) => Json::String(self.guarded(text, sentinels, any)),
            Json::Array(items) => {
                items.iter().map(|item| self.guard(item, sentinels, any)).collect()
            }
            Json::Object(fields) => {
                let of = |(key, value): (&String, &Json)| {
                    let key = self.guarded(key, sentinels, any);
                    let value = self.guard(value, sentinels, any);
                    (key, value)
                };
                Json::Object(fields.iter().map(of).collect())
            }
            other => other.clone(),
        }
    }

    fn guarded(&self, text: &str, sentinels: &Sentinels, any: &mut bool) -> String {
        let places = self.tokenizer.special().places(text);
        *any |= !places.is_empty();
        let mut out = text.to_string();
        for place in places.into_iter().rev() {
            out.insert(place, sentinels.of(Mark::Special));
        }
        out
    }

    fn finished(
        &self,
        text: String,
        tokens: Tokens,
        spans: Option<&[Range<usize>]>,
        add: bool,
        special_in_content: bool,
    ) -> Result<Encoded, Fault> {
        let mut marks = spans.map(|spans| trained(&text, &tokens.offsets, spans));
        let Tokens { mut ids, mut offsets } = tokens;
        if add {
            let (prefix, suffix) = self.tokenizer.added();
            let (before, behind) = (prefix.len(), suffix.len());
            ids.splice(0..0, prefix.iter().copied());
            ids.extend(suffix);
            if !offsets.is_empty() || text.is_empty() {
                offsets.splice(0..0, std::iter::repeat_n((0, 0), before));
                offsets.extend(std::iter::repeat_n((0, 0), behind));
            }
            if let Some(marks) = &mut marks {
                marks.splice(0..0, std::iter::repeat_n(false, before));
                marks.extend(std::iter::repeat_n(false, behind));
            }
        }
        if ids.iter().any(|&id| i32::try_from(id).is_err()) {
            return Err(Fault::Row("a token id beyond 2^31 - 1".to_string()));
        }
        Ok(Encoded { ids, offsets, trained: marks, text, special_in_content })
    }
}

/// Whether a string is a list as JSON: messages in a column of strings.
fn is_list(text: &str) -> bool {
    text.trim_start().starts_with('[')
        && serde_json::from_str::<Json>(text).is_ok_and(|json| {
            json.as_array().is_some_and(|list| list.iter().all(Json::is_object) && !list.is_empty())
        })
}

/// Options that don't go together.
fn check(options: &TextOptions) -> Result<(), Fault> {
    let wrong = |detail: &str| Err(Fault::Option(detail.to_string()));
    match (options.shape, options.train_on) {
        (Shape::Text, Some(TrainOn::Assistant | TrainOn::Last | TrainOn::Completion)) => {
            return wrong("text is trained on as a whole; trainOn must be 'all' or left out");
        }
        (Shape::Messages, Some(TrainOn::Completion)) => {
            return wrong(
                "trainOn 'completion' is for a prompt and its completion; for conversations use \
                 'assistant', 'last' or 'all'",
            );
        }
        _ => {}
    }
    if options.shape == Shape::Text
        && (options.chat_template.is_some() || !options.template_arguments.is_empty())
    {
        return wrong("text has no chat template: chatTemplate and templateArguments mean nothing");
    }
    if let Some(name) = GIVEN.iter().find(|name| options.template_arguments.contains_key(**name)) {
        return Err(Fault::Option(format!("templateArguments may not set '{name}'")));
    }
    Ok(())
}

fn compiled(text: &str, folder: &Folder, options: &TextOptions) -> Result<Template, Fault> {
    let mut names = BTreeMap::new();
    let now = match options.template_arguments.get("now") {
        None => None,
        Some(Json::String(now)) => Some(now.as_str()),
        Some(_) => {
            let detail = "templateArguments.now is a time as a string, '2025-01-31T12:00:00'";
            return Err(Fault::Option(detail.to_string()));
        }
    };
    let arguments = options.template_arguments.iter().filter(|(name, _)| *name != "now");
    let arguments = arguments.map(|(name, value)| (name.clone(), value.clone()));
    for (name, value) in folder.special_tokens().into_iter().chain(arguments) {
        let value = to_value(&value, &str::to_string)
            .map_err(|fault| Fault::Option(format!("templateArguments.{name}: {fault}")))?;
        names.insert(name, value);
    }
    let template = Template::new(text, names.clone(), now)?;
    let unknown = |name: &String| name.ends_with("_token") && !names.contains_key(name);
    if !folder.is_configured()
        && let Some(name) = template.uses().into_iter().find(unknown)
    {
        return Err(Fault::Option(format!(
            "the chat template writes {name}, and only a tokenizer_config.json says what that is; \
             name the folder that holds it with tokenizer.json, or set templateArguments.{name}"
        )));
    }
    Ok(template)
}
