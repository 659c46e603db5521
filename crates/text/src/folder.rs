//! What a downloaded model folder says besides its vocabulary: special tokens and chat templates.

use crate::Fault;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// A tokenizer's files.
pub(crate) struct Folder {
    /// The `tokenizer.json`.
    pub tokenizer: PathBuf,
    /// `tokenizer_config.json`, if there is one.
    config: Option<Map<String, Value>>,
    /// The folder, if one was named.
    named: Option<PathBuf>,
}

impl Folder {
    /// `path` is a `tokenizer.json`, or a folder with one.
    ///
    /// # Errors
    /// [`Fault::Io`]; [`Fault::Option`] for a folder without a tokenizer, and for a configuration
    /// that isn't JSON.
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        let metadata = std::fs::metadata(path).map_err(|error| Fault::io(path, &error))?;
        if !metadata.is_dir() {
            return Ok(Self { tokenizer: path.to_path_buf(), config: None, named: None });
        }
        let tokenizer = path.join("tokenizer.json");
        if !tokenizer.exists() {
            return Err(Fault::Option(format!(
                "the folder {} has no tokenizer.json; a tokenizer in another form is turned into \
                 one by transformers: AutoTokenizer.from_pretrained(…).save_pretrained(…)",
                path.display()
            )));
        }
        let config = read_json(&path.join("tokenizer_config.json"))?;
        Ok(Self { tokenizer, config, named: Some(path.to_path_buf()) })
    }

    /// Whether there is a configuration that names special tokens.
    pub(crate) fn is_configured(&self) -> bool {
        self.config.is_some()
    }

    /// The special tokens by the names that templates use.
    pub(crate) fn special_tokens(&self) -> Vec<(String, Value)> {
        let mut all = Vec::new();
        let config = self.config.iter().flatten();
        for (name, value) in config {
            if name.ends_with("_token")
                && let Some(text) = text_of(value)
            {
                all.push((name.clone(), Value::from(text)));
            }
            if name == "additional_special_tokens"
                && let Some(list) = value.as_array()
            {
                all.push((name.clone(), list.iter().filter_map(text_of).collect()));
            }
            if name == "extra_special_tokens"
                && let Some(named) = value.as_object()
            {
                let named = named.iter().filter_map(|(name, value)| Some((name, text_of(value)?)));
                all.extend(named.map(|(name, text)| (name.clone(), Value::from(text))));
            }
        }
        all
    }

    /// The chat template for a row with or without tools: that of `chat_template.jinja` before that
    /// of the configuration; of named ones `default`, or `tool_use` where there are tools.
    ///
    /// # Errors
    /// [`Fault::Io`]; [`Fault::Option`] for named templates without the one that is needed.
    pub(crate) fn template(&self, tools: bool) -> Result<Option<String>, Fault> {
        if let Some(folder) = &self.named {
            let more = folder.join("additional_chat_templates").join("tool_use.jinja");
            if tools && let Some(text) = read_text(&more)? {
                return Ok(Some(text));
            }
            if let Some(text) = read_text(&folder.join("chat_template.jinja"))? {
                return Ok(Some(text));
            }
        }
        match self.config.as_ref().and_then(|config| config.get("chat_template")) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Array(list)) => {
                let find = |name: &str| {
                    let one = list.iter().find(|one| one["name"].as_str() == Some(name));
                    one.and_then(|one| one["template"].as_str()).map(str::to_string)
                };
                let wanted = tools.then(|| find("tool_use")).flatten().or_else(|| find("default"));
                wanted.map(Some).ok_or_else(|| {
                    let names: Vec<&str> =
                        list.iter().filter_map(|one| one["name"].as_str()).collect();
                    let detail = format!(
                        "the tokenizer has several chat templates and none is named 'default' ({}); \
                         put the one to use in a file and name it with chatTemplate",
                        names.join(", ")
                    );
                    Fault::Option(detail)
                })
            }
            Some(_) => Err(Fault::Option(
                "chat_template of tokenizer_config.json is neither a string nor a list".to_string(),
            )),
        }
    }
}

/// A token's text: written as such, or in an object.
fn text_of(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("content")?.as_str())
}

fn read_text(path: &Path) -> Result<Option<String>, Fault> {
    match std::fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| Fault::Option(format!("{} isn't UTF-8", path.display()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Fault::io(path, &error)),
    }
}

fn read_json(path: &Path) -> Result<Option<Map<String, Value>>, Fault> {
    let Some(text) = read_text(path)? else { return Ok(None) };
    let read = serde_json::from_str(&text);
    read.map(Some).map_err(|error| {
        Fault::Option(format!("{} isn't an object of JSON: {error}", path.display()))
    })
}
