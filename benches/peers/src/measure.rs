//! One measurement, in a process of its own. Next: `history`.

use std::process::Command;

use crate::sample::{Sample, is_quick};

pub type Error = Box<dyn std::error::Error>;

/// How a measurement is run.
pub struct Setting {
    pub workers: usize,
    pub one_core: bool,
    /// Where ours saves a recording of itself.
    pub trace: Option<String>,
}

impl Default for Setting {
    fn default() -> Self {
        Self { workers: 2, one_core: false, trace: None }
    }
}

/// One measurement in a process of its own.
pub fn measure(workload: &str, runtime: &str, setting: &Setting) -> Result<Sample, Error> {
    let mut command = Command::new(std::env::current_exe()?);
    for threads in ["UNROLLED_THREADS", "TOKIO_WORKER_THREADS", "SMOL_THREADS", "ASYNC_STD_THREAD_COUNT"] {
        command.env(threads, setting.workers.to_string());
    }
    if is_quick() {
        command.env("PEERS_QUICK", "1");
    }
    if let Some(trace) = &setting.trace {
        command.env("UNROLLED_TRACE", trace);
    }
    if setting.one_core {
        command.env("PEERS_ONE_CORE", "1");
    }
    let output = command.args(["run", workload, runtime]).output()?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{workload} on {runtime}: {}\n{message}", output.status).into());
    }
    Ok(Sample::parse(&String::from_utf8_lossy(&output.stdout)))
}
