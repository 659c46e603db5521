//! Chat templates, rendered as `transformers.utils.chat_template_utils` does.

mod arguments;
mod dates;
mod json;
mod printf;
mod python;
mod rewrite;
mod values;

pub(crate) use values::to_value;

use crate::Fault;
use crate::sentinel::{Mark, Sentinels};
use arguments::{SENTINELS, sentinels};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, State, Value};
use std::collections::BTreeMap;
use std::fmt;

/// A compiled template, with everything that doesn't change from row to row.
pub(crate) struct Template {
    environment: Environment<'static>,
    globals: BTreeMap<String, Value>,
    /// It says itself what the assistant wrote.
    pub marks: bool,
    source: String,
}

/// What a rendering is given besides the messages.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub tools: Value,
    pub sentinels: Sentinels,
}

/// Why a template ended a rendering on purpose.
#[derive(Debug)]
enum Stop {
    Raised(String),
    Option(String),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raised(text) | Self::Option(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Stop {}

impl Stop {
    fn error(self) -> Error {
        Error::new(ErrorKind::InvalidOperation, self.to_string()).with_source(self)
    }
}

impl Template {
    /// Compiles `source`. `names` are special tokens and arguments; `now` is what the time is.
    ///
    /// # Errors
    /// [`Fault::Option`] for a template that isn't one, or that holds what we mark text with.
    pub(crate) fn new(
        source: &str,
        names: BTreeMap<String, Value>,
        now: Option<&str>,
    ) -> Result<Self, Fault> {
        let wrong = |why: String| Fault::Option(format!("the chat template: {why}"));
        if let Some(found) = source.chars().find(|one| Sentinels::may_be(*one)) {
            let code = found as u32;
            return Err(wrong(format!("it holds the noncharacter U+{code:04X}")));
        }
        let (rewritten, marks) = rewrite::rewritten(source).map_err(wrong)?;
        let now = now.map(dates::Time::parse).transpose().map_err(wrong)?;
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|error| wrong(described(&error)))?);
        environment.set_unknown_method_callback(python::method);
        python::install(&mut environment);
        environment.add_filter("tojson", json::tojson);
        environment.add_filter(rewrite::PERCENT, printf::percent);
        environment.add_filter(rewrite::GENERATION, generation);
        environment.add_function("raise_exception", |message: String| -> Result<Value, Error> {
            Err(Stop::Raised(message).error())
        });
        environment.add_function("strftime_now", move |format: &str| match &now {
            Some(now) => now.format(format).map_err(|why| Stop::Option(why).error()),
            None => Err(Stop::Option(
                "it asks for the time (strftime_now), and the same input must give the same \
                 bytes: fix it with templateArguments.now, as '2025-01-31T12:00:00'"
                    .to_string(),
            )
            .error()),
        });
        environment
            .add_template_owned("chat", rewritten)
            .map_err(|error| wrong(described(&error)))?;
        Ok(Self { environment, globals: names, marks, source: source.to_string() })
    }

    /// The template as it was given.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Names that the template uses and doesn't set.
    pub(crate) fn uses(&self) -> Vec<String> {
        let template = self.environment.get_template("chat").expect("it was added");
        let mut names: Vec<String> = template.undeclared_variables(false).into_iter().collect();
        names.sort_unstable();
        names
    }

    /// Renders `messages`, sentinels included.
    ///
    /// # Errors
    /// [`Fault::Row`] for a row that the template refuses or fails on, [`Fault::Template`] for what
    /// an option must settle.
    pub(crate) fn render(
        &self,
        messages: &[Value],
        generation_prompt: bool,
        setting: &Setting,
    ) -> Result<String, Fault> {
        let mut all: BTreeMap<String, Value> = BTreeMap::new();
        all.insert("messages".to_string(), Value::from(messages.to_vec()));
        all.insert("tools".to_string(), setting.tools.clone());
        all.insert("documents".to_string(), Value::from(()));
        all.insert("add_generation_prompt".to_string(), Value::from(generation_prompt));
        all.extend(self.globals.iter().map(|(name, value)| (name.clone(), value.clone())));
        all.insert(SENTINELS.to_string(), Value::from_object(setting.sentinels.clone()));
        let template = self.environment.get_template("chat").expect("it was added");
        template.render(all).map_err(|error| fault(&error))
    }
}

/// What stands between the marks of a template goes between sentinels.
fn generation(state: &State<'_, '_>, text: &str) -> String {
    match sentinels(state) {
        Some(all) => format!("{}{text}{}", all.of(Mark::Open), all.of(Mark::Close)),
        None => text.to_string(),
    }
}

fn fault(error: &Error) -> Fault {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = source {
        match one.downcast_ref::<Stop>() {
            Some(Stop::Raised(message)) => {
                return Fault::Row(format!("the chat template refuses it: {message}"));
            }
            Some(Stop::Option(why)) => return Fault::Template(format!("the chat template: {why}")),
            None => source = one.source(),
        }
    }
    Fault::Row(format!("the chat template fails on it: {}", described(error)))
}

fn described(error: &Error) -> String {
    let line = error.line().map_or(String::new(), |line| format!(" (line {line})"));
    match error.detail() {
        Some(detail) => format!("{}: {detail}{line}", error.kind()),
        None => format!("{}{line}", error.kind()),
    }
}
