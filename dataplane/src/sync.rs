//! What threads meet by: the standard library's, crossbeam's and arc-swap's, or for model checking
//! (`--cfg egret_shuttle`) stand-ins of which shuttle decides the order in which threads reach them.

#[cfg(not(egret_shuttle))]
mod real {
    pub(crate) use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
    pub(crate) use std::thread::{Builder, JoinHandle};

    pub(crate) use arc_swap::ArcSwap;
    pub(crate) use crossbeam::queue::ArrayQueue;
    pub(crate) use crossbeam::utils::Backoff;
}

#[cfg(egret_shuttle)]
mod model {
    use std::collections::VecDeque;
    use std::sync::Arc;

    use shuttle::sync::Mutex;
    pub(crate) use shuttle::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
    pub(crate) use shuttle::thread::{Builder, JoinHandle};

    /// A bounded queue.
    #[derive(Debug)]
    pub(crate) struct ArrayQueue<T> {
        items: Mutex<VecDeque<T>>,
        capacity: usize,
    }

    impl<T> ArrayQueue<T> {
        pub(crate) fn new(capacity: usize) -> ArrayQueue<T> {
            ArrayQueue { items: Mutex::new(VecDeque::new()), capacity }
        }

        pub(crate) fn push(&self, item: T) -> Result<(), T> {
            let mut items = self.items.lock().expect("nobody panics with it");
            if items.len() >= self.capacity {
                return Err(item);
            }
            items.push_back(item);
            Ok(())
        }

        pub(crate) fn pop(&self) -> Option<T> {
            self.items.lock().expect("nobody panics with it").pop_front()
        }
    }

    /// A value that is replaced as a whole.
    #[derive(Debug)]
    pub(crate) struct ArcSwap<T>(Mutex<Arc<T>>);

    impl<T> ArcSwap<T> {
        pub(crate) fn new(value: Arc<T>) -> ArcSwap<T> {
            ArcSwap(Mutex::new(value))
        }

        pub(crate) fn load(&self) -> Arc<T> {
            Arc::clone(&self.0.lock().expect("nobody panics with it"))
        }

        pub(crate) fn swap(&self, value: Arc<T>) -> Arc<T> {
            std::mem::replace(&mut self.0.lock().expect("nobody panics with it"), value)
        }
    }

    /// Lets others run.
    pub(crate) struct Backoff;

    impl Backoff {
        pub(crate) fn new() -> Backoff {
            Backoff
        }

        pub(crate) fn snooze(&self) {
            shuttle::thread::yield_now();
        }

        pub(crate) fn reset(&self) {}
    }
}

#[cfg(egret_shuttle)]
pub(crate) use model::*;
#[cfg(not(egret_shuttle))]
pub(crate) use real::*;
