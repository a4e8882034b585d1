//! What the answers of the port are made of.

use std::sync::Arc;

use tokio::sync::mpsc::Sender;

use crate::app::serve::board::Board;
use crate::app::serve::doors::Doors;
use crate::app::serve::message::Message;
use crate::app::serve::pages::reception::Pages;
use crate::app::serve::reception::Reception;
use crate::ports::Clock;

#[derive(Clone)]
pub struct Desk {
    pub board: Arc<Board>,
    pub conductor: Sender<Message>,
    pub clock: Arc<dyn Clock>,
    pub reception: Arc<Reception>,
    pub doors: Arc<Doors>,
    pub pages: Arc<Pages>,
}
