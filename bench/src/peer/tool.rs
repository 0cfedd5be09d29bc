//! Runs `ip` and `nft` with a script, in the namespace of the calling thread.

use std::{
    io::{ErrorKind, Write as _},
    process::{Command, Stdio},
};

use super::{Tool, Unavailable};

/// Hands the tool a script on its standard input; it ends with the script done or refused.
pub(super) fn run(tool: Tool, doing: &'static str, script: &str) -> Result<(), Unavailable> {
    let error = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => Unavailable::NoTool { tool },
        _ => Unavailable::System { doing, error },
    };
    let mut child = Command::new(tool.name())
        .args(match tool {
            Tool::Ip => ["-batch", "-"],
            Tool::Nft => ["-f", "-"],
        })
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(error)?;
    // A tool that stops at the first line closes the pipe; what it says matters, not the pipe.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(script.as_bytes()));
    let output = child.wait_with_output().map_err(error)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
    Err(Unavailable::Refused { tool, doing, said })
}
