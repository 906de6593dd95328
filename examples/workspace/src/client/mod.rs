//! The client.

use std::error::Error;
use std::process::ExitCode;

use crate::cli::{CpOptions, ForwardOptions, LoadOptions, ManageOptions, ProxyOptions, SshOptions};

type Outcome = Result<ExitCode, Box<dyn Error>>;

pub(crate) async fn ssh(_options: SshOptions) -> Outcome {
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn cp(_options: CpOptions) -> Outcome {
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn forward(_options: ForwardOptions) -> Outcome {
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn proxy(_options: ProxyOptions) -> Outcome {
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn load(_options: LoadOptions) -> Outcome {
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn manage(_options: &ManageOptions, _transition: &str) -> Outcome {
    Ok(ExitCode::SUCCESS)
}
