//! Reads, cleans and judges on a thread of its own, a bounded way ahead of the sender: a stop never
//! waits for a standard input that has nothing to say.

use std::cell::RefCell;
use std::io::{self, Read};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::batch::{Batch, News};
use crate::clean::{Clean, clean};
use crate::fault::{Fault, Reason};
use crate::input::Input;
use crate::judge::{judge, misfit};
use crate::reader::json::not_json_at;
use crate::reader::{Content, Reader};
use crate::window::Window;

/// Batches that may wait for the sender.
const BATCHES_AHEAD: usize = 8;
/// A batch is passed on at this size at the latest, so that those waiting stay within some MiB.
const BATCH_BYTES_MAX: usize = 512 << 10;

/// The sender is gone: the reading ends.
struct Unwanted;

/// The batch in hand, and the way to the sender.
pub struct Outbox {
    batch: Batch,
    news: SyncSender<News>,
    unwanted: bool,
}

impl Outbox {
    /// An empty outbox before the channel `news`.
    pub fn new(news: SyncSender<News>) -> Self {
        Self {
            batch: Batch::default(),
            news,
            unwanted: false,
        }
    }

    /// The batch that events are put into.
    pub fn batch(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// Passes the batch on once it is large enough; `false` when nobody wants it.
    pub fn passed_when_full(&mut self) -> bool {
        if self.batch.bytes.len() >= BATCH_BYTES_MAX {
            self.pass();
        }
        !self.unwanted
    }

    /// Passes on what is there.
    pub fn pass(&mut self) {
        if self.batch.events.is_empty() {
            return;
        }
        let next = Batch {
            input: self.batch.input,
            ..Batch::default()
        };
        let batch = std::mem::replace(&mut self.batch, next);
        self.tell(News::Events(batch));
    }

    /// Passes on what is there, then `news`.
    pub fn tell(&mut self, news: News) {
        if !matches!(news, News::Events(_)) {
            self.pass();
        }
        self.unwanted |= self.news.send(news).is_err();
    }
}

/// Starts the thread that reads `inputs` in order. After a fault it reads on with the next input
/// only if `past_faults`.
///
/// # Errors
///
/// When the system has no thread to give.
pub fn read_inputs(
    inputs: Vec<Input>,
    past_faults: bool,
    progress: Arc<AtomicU64>,
) -> io::Result<Receiver<News>> {
    start(move |outbox| {
        for (index, input) in inputs.iter().enumerate() {
            outbox.borrow_mut().batch.input = index;
            let read = read_input(input, &outbox, Arc::clone(&progress));
            let news = match read {
                Ok(Ok(shape)) => News::Read {
                    input: index,
                    shape,
                },
                Ok(Err(Unwanted)) => return,
                Err(fault) => News::Faulty {
                    input: index,
                    fault,
                },
            };
            let faulty = matches!(news, News::Faulty { .. });
            outbox.borrow_mut().tell(news);
            if faulty && !past_faults {
                return;
            }
        }
    })
}

/// Starts a thread that fills an outbox.
///
/// # Errors
///
/// When the system has no thread to give.
pub fn start(
    work: impl FnOnce(Rc<RefCell<Outbox>>) + Send + 'static,
) -> io::Result<Receiver<News>> {
    let (news, receiver) = sync_channel(BATCHES_AHEAD);
    // Not joined: it may wait for a standard input for ever. It ends with the channel.
    thread::Builder::new()
        .name("intake".into())
        .spawn(move || work(Rc::new(RefCell::new(Outbox::new(news)))))?;
    Ok(receiver)
}

/// A stream that may let us wait: what is in hand goes to the sender before each read.
struct PassFirst {
    stream: Box<dyn Read>,
    outbox: Rc<RefCell<Outbox>>,
}

impl Read for PassFirst {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.outbox.borrow_mut().pass();
        self.stream.read(buffer)
    }
}

fn read_input(
    input: &Input,
    outbox: &Rc<RefCell<Outbox>>,
    progress: Arc<AtomicU64>,
) -> Result<Result<&'static str, Unwanted>, Fault> {
    let stream = input
        .open(progress)
        .map_err(|error| Fault::new(0, Reason::Io(error)))?;
    let stream = PassFirst {
        stream,
        outbox: Rc::clone(outbox),
    };
    let mut reader = Reader::recognise(Window::new(Box::new(stream)))?;
    while let Some(element) = reader.next_element()? {
        let mut outbox = outbox.borrow_mut();
        let line = element.line;
        match element.content {
            Content::Misfit(violation) => misfit(outbox.batch(), line, violation),
            Content::Separate(text) => {
                let event = clean(text).unwrap_or_else(|_| Clean::as_it_is(text));
                judge(outbox.batch(), line, &event);
            }
            Content::Enclosed(text) => {
                let event = clean(text).map_err(|error| not_json_at(line, &error))?;
                judge(outbox.batch(), line, &event);
            }
        }
        if !outbox.passed_when_full() {
            return Ok(Err(Unwanted));
        }
    }
    Ok(Ok(reader.shape()))
}
