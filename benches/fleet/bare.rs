//! A bare loop over russh: log in, send the lines, find the key. No survey, no checks, no journal: what SSH itself costs.

use std::net::SocketAddr;
use std::sync::Arc;

use russh::client::{self, Msg};
use russh::keys::PublicKeyOrCertificate;
use russh::{Channel, ChannelMsg};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::job::Job;

/// How the lines are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// The next one when the prompt is there again.
    OneByOne,
    /// All in one write.
    AtOnce,
}

struct AnyHostKey;

impl client::Handler for AnyHostKey {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

/// Mints on each device of the job and prints its name and its key.
pub fn run(job: Job, pace: Pace) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (places, job) = (Arc::new(Semaphore::new(job.jobs)), Arc::new(job));
        let config = Arc::new(client::Config { nodelay: true, ..client::Config::default() });
        let mut running = JoinSet::new();
        for number in 0..job.devices.len() {
            let place = Arc::clone(&places).acquire_owned().await.unwrap();
            let (job, config) = (Arc::clone(&job), Arc::clone(&config));
            running.spawn(async move {
                let device = &job.devices[number];
                match mint(device.addr, &job, config, pace).await {
                    Ok(output) => tell(&device.name, &output),
                    Err(error) => eprintln!("{}: {error}", device.name),
                }
                drop(place);
            });
        }
        running.join_all().await;
    });
}

async fn mint(addr: SocketAddr, job: &Job, config: Arc<client::Config>, pace: Pace) -> Result<String, russh::Error> {
    let mut session = client::connect(config, addr, AnyHostKey).await?;
    session.authenticate_password(&job.user, &job.password).await?;
    let mut channel = session.channel_open_session().await?;
    channel.request_pty(false, "vt100", 511, 1000, 0, 0, &[]).await?;
    channel.request_shell(false).await?;
    let mut output = String::new();
    until_prompts(&mut channel, 1, &mut output).await;
    if pace == Pace::AtOnce {
        let lines: String = job.lines.iter().map(|line| format!("{line}\n")).collect();
        channel.data_bytes(lines).await?;
        until_prompts(&mut channel, job.lines.len(), &mut output).await;
    } else {
        for line in &job.lines {
            output.clear();
            channel.data_bytes(format!("{line}\n")).await?;
            until_prompts(&mut channel, 1, &mut output).await;
        }
    }
    Ok(output)
}

/// Reads until so many prompts have come.
async fn until_prompts(channel: &mut Channel<Msg>, count: usize, output: &mut String) {
    let from = output.len();
    while output[from..].matches(" # ").count() < count || !output.ends_with(" # ") {
        match channel.wait().await {
            Some(ChannelMsg::Data { data }) => output.push_str(&String::from_utf8_lossy(&data)),
            Some(_) => (),
            None => return,
        }
    }
}

fn tell(name: &str, output: &str) {
    if let Some(key) = output.split("New API key: ").nth(1).and_then(|rest| rest.split_whitespace().next()) {
        println!("{name}\t{key}");
    }
}
