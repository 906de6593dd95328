//! A page in a headless Chromium, controlled by the protocol of its developer tools.

use std::path::PathBuf;
use std::time::Duration;

use data_encoding::BASE64;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::process::{Failure, Process};
use crate::program::Place;
use crate::tools::chromium;

const PATIENCE: Duration = Duration::from_secs(40);

/// The folder for screenshots, if the user wants them.
const SCREENSHOTS: &str = "DISCONNECT_SCENARIOS_SCREENSHOTS";

/// A browser that shows one page.
pub(crate) struct Browser {
    _process: Process,
    tools: WebSocketStream<TcpStream>,
    /// The session id of the page.
    session: Value,
    sent: u64,
}

impl Browser {
    /// Opens this page.
    pub(crate) async fn open(place: &Place, url: &str) -> Result<Self, Failure> {
        let mut command = Command::new(chromium().await.ok_or("there is no Chromium")?);
        command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]);
        command.args(["--remote-debugging-port=0", "--window-size=1000,500"]);
        command.arg(format!("--user-data-dir={}", place.file("browser").display()));
        command.arg("about:blank").envs(place.environment());
        let mut process = Process::tool(command)?;
        timeout(PATIENCE, process.stderr.until("DevTools listening on ws://")).await??;
        let said = process.stderr.so_far();
        let tools = said.split_whitespace().find(|word| word.starts_with("ws://")).ok_or("it says no address")?;
        let address = tools.trim_start_matches("ws://").split('/').next().unwrap_or_default();
        let (tools, _) = client_async(tools, TcpStream::connect(address).await?).await?;
        let mut browser = Self { _process: process, tools, session: Value::Null, sent: 0 };
        let target = browser.ask("Target.createTarget", json!({ "url": url })).await?;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        browser.session = browser.ask("Target.attachToTarget", attach).await?["sessionId"].clone();
        Ok(browser)
    }

    /// Sends a command, and waits for the answer.
    async fn ask(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        self.sent += 1;
        let mut request = json!({ "id": self.sent, "method": method, "params": params });
        if !self.session.is_null() {
            request["sessionId"] = self.session.clone();
        }
        self.tools.send(Message::text(request.to_string())).await?;
        let answered = async {
            while let Some(message) = self.tools.next().await {
                let answer: Value = serde_json::from_slice(&message?.into_data())?;
                if answer["id"] == self.sent {
                    return if answer["error"].is_null() {
                        Ok(answer["result"].clone())
                    } else {
                        Err(format!("{method}: {}", answer["error"]).into())
                    };
                }
            }
            Err("the browser is gone".into())
        };
        timeout(PATIENCE, answered).await.map_err(|_| format!("{method}: no answer"))?
    }

    /// Waits until the element with this id contains this text.
    pub(crate) async fn shows(&mut self, id: &str, text: &str) -> Result<(), Failure> {
        let script = format!(
            "new Promise((resolve) => {{
                const look = () => {{
                    const part = document.getElementById({id});
                    if (part && part.textContent.includes({text})) {{ resolve(true); }} else {{ requestAnimationFrame(look); }}
                }};
                look();
            }})",
            id = json!(id),
            text = json!(text)
        );
        let asked = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let looking = async {
            // A page that is still loading has no scripts yet.
            loop {
                match self.ask("Runtime.evaluate", asked.clone()).await {
                    Err(error) if error.to_string().contains("context was destroyed") => {}
                    answer => return answer,
                }
            }
        };
        let answer = timeout(PATIENCE, looking).await;
        let is_shown = matches!(&answer, Ok(Ok(answer)) if answer["result"]["value"] == true);
        if is_shown { Ok(()) } else { Err(format!("the page does not show {text:?}: {answer:?}").into()) }
    }

    /// Types into the page.
    pub(crate) async fn press(&mut self, keys: &str) -> Result<(), Failure> {
        for key in keys.chars() {
            let name = if key == '\r' { "Enter".to_owned() } else { key.to_string() };
            self.ask("Input.dispatchKeyEvent", json!({ "type": "keyDown", "key": name })).await?;
        }
        Ok(())
    }

    /// Saves a screenshot, if the user wants them.
    pub(crate) async fn screenshot(&mut self, name: &str) -> Result<(), Failure> {
        let Some(folder) = std::env::var_os(SCREENSHOTS).map(PathBuf::from) else { return Ok(()) };
        let shot = self.ask("Page.captureScreenshot", json!({})).await?;
        let bytes = BASE64.decode(shot["data"].as_str().unwrap_or_default().as_bytes())?;
        Ok(tokio::fs::write(folder.join(format!("{name}.png")), bytes).await?)
    }
}
