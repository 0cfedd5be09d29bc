//! Output: colours where they are wanted, and a pipe that closes early is no failure.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use egret_control::explain::text;

use crate::Exit;

/// Whether to colour the output.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless the environment says no (`NO_COLOR`).
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColorChoice {
    /// Makes this the choice of all further output.
    pub(crate) fn apply(self) {
        match self {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// Writes to standard output; colours that it cannot show are taken out. A reader that went away
/// has seen enough: the run ends as it would have.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Writes to standard error.
pub(crate) fn complain(text: &str) -> io::Result<()> {
    anstream::stderr().lock().write_all(text.as_bytes())
}

/// Whether standard error shows colours, and so is worth drawing on.
pub(crate) fn is_fancy() -> bool {
    let choice = anstream::AutoStream::choice(&io::stderr());
    !matches!(choice, anstream::ColorChoice::Never)
}

/// How a run ends that could not write.
pub(crate) fn failure(error: io::Error) -> Exit {
    // If even this cannot be written, the exit code says it.
    let _ = complain(&format!("egret: {error}\n"));
    Exit::Failed
}

/// A stretch of an explanation in its colour.
pub(crate) fn paint(style: text::Style, text: &str) -> String {
    let style = match style {
        text::Style::Heading => Style::new().bold(),
        text::Style::Name => AnsiColor::Cyan.on_default(),
        text::Style::Good => AnsiColor::Green.on_default(),
        text::Style::Bad => AnsiColor::Red.on_default(),
        text::Style::Faint => Style::new().dimmed(),
    };
    format!("{style}{text}{style:#}")
}
