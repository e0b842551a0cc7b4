//! What the compiler refuses, corrected: each cure of the chapter "What the compiler says", at work.
//!
//!     cargo run --example compiler_cures
//!
//! The programs that are refused are in `tests/ui`, each with the compiler's message and its cures. This program
//! shows what the cures do when they run. It also asks of some futures whether they are `Send`, without a spawn.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;

use executor::future::{Boxed, Selected::*, join, select};
use executor::sync::Mutex;
use executor::task;

fn main() {
    what_is_send();
    task::block_on(async {
        awaited().await;
        recursion().await;
        kept().await;
        shared().await;
        stores().await;
        lent().await;
    });
}

// ANCHOR: compiler_cures_asked
/// Stands for a value of the type `T`, of which one can ask whether it is `Send`.
struct Asked<T>(PhantomData<T>);

/// The method that the compiler prefers, if there is one: only a `T` that is `Send` has it.
impl<T: Send> Asked<T> {
    fn is_send(&self) -> bool {
        true
    }
}

/// The method for the others.
trait Otherwise {
    fn is_send(&self) -> bool {
        false
    }
}

impl<T> Otherwise for Asked<T> {}

fn asked<T>(_: &T) -> Asked<T> {
    Asked(PhantomData)
}
// ANCHOR_END: compiler_cures_asked

// ANCHOR: compiler_cures_send
async fn an_rc() -> usize {
    let name = Rc::new("Ada");
    task::yield_now().await;
    name.len()
}

async fn a_dropped_rc() -> usize {
    let name = Rc::new("Ada");
    let length = name.len();
    drop(name);
    task::yield_now().await;
    length
}

async fn an_rc_in_a_block() -> usize {
    let length = {
        let name = Rc::new("Ada");
        name.len()
    };
    task::yield_now().await;
    length
}
// ANCHOR_END: compiler_cures_send

async fn an_arc() -> usize {
    let name = Arc::new("Ada");
    task::yield_now().await;
    name.len()
}

#[expect(clippy::await_holding_lock, reason = "it is never polled: only its type is looked at")]
async fn a_guard_of_std(lock: Arc<std::sync::Mutex<u32>>) {
    let guard = lock.lock().unwrap();
    task::yield_now().await;
    drop(guard);
}

async fn a_guard_of_ours(lock: Arc<Mutex<u32>>) {
    let guard = lock.lock().await;
    task::yield_now().await;
    drop(guard);
}

async fn any_error() -> String {
    let error: Box<dyn Error> = "no milk".into();
    task::yield_now().await;
    error.to_string()
}

async fn an_error_for_threads() -> String {
    let error: Box<dyn Error + Send + Sync> = "no milk".into();
    task::yield_now().await;
    error.to_string()
}

// ANCHOR: compiler_cures_ask
fn what_is_send() {
    println!("May a task keep it across an await, and go to the pool?");
    show("an Rc", asked(&an_rc()).is_send(), false);
    show("an Rc, and drop() before the await", asked(&a_dropped_rc()).is_send(), false);
    show("an Rc, in a block before the await", asked(&an_rc_in_a_block()).is_send(), true);
    show("an Arc", asked(&an_arc()).is_send(), true);
    show("a guard of std's Mutex", asked(&a_guard_of_std(Arc::default())).is_send(), false);
    show("a guard of executor's Mutex", asked(&a_guard_of_ours(Arc::default())).is_send(), true);
    show("a Box<dyn Error>", asked(&any_error()).is_send(), false);
    show("a Box<dyn Error + Send + Sync>", asked(&an_error_for_threads()).is_send(), true);
}
// ANCHOR_END: compiler_cures_ask

fn show(what: &str, is_send: bool, expected: bool) {
    println!("    {what:<36}{}", if is_send { "yes" } else { "no" });
    assert_eq!(is_send, expected, "{what}");
}

// ANCHOR: compiler_cures_awaited
/// A future that is made and not awaited does nothing. `let _ =` silences the warning, and awaits
/// nothing.
async fn awaited() {
    let visits = Rc::new(Cell::new(0));
    let visit = async |visits: Rc<Cell<u32>>| visits.set(visits.get() + 1);
    #[expect(clippy::let_underscore_future, reason = "only clippy finds this mistake")]
    let _ = visit(visits.clone());
    println!("\nmade: {} visits", visits.get());
    visit(visits.clone()).await;
    println!("awaited: {} visit", visits.get());
    let task = task::spawn_local(visit(visits.clone()));
    println!("spawned: {} visit", visits.get());
    task.await;
    println!("joined: {} visits", visits.get());
    assert_eq!(visits.get(), 2);
}
// ANCHOR_END: compiler_cures_awaited

struct Folder {
    files: u32,
    folders: Vec<Folder>,
}

// ANCHOR: compiler_cures_recursion
/// The recursion, with a box at each call.
async fn count_boxed(folder: &Folder) -> u32 {
    let mut files = folder.files;
    task::yield_now().await;
    for inner in &folder.folders {
        files += Box::pin(count_boxed(inner)).await;
    }
    files
}

/// The same, with a list of what is still to do.
async fn count_listed(folder: &Folder) -> u32 {
    let (mut files, mut to_do) = (0, vec![folder]);
    while let Some(folder) = to_do.pop() {
        files += folder.files;
        task::yield_now().await;
        to_do.extend(&folder.folders);
    }
    files
}
// ANCHOR_END: compiler_cures_recursion

async fn recursion() {
    let chain = |depth| {
        (0..depth).fold(Folder { files: 1, folders: Vec::new() }, |inner, _| Folder {
            files: 1,
            folders: vec![inner],
        })
    };
    let folder = chain(99);
    let (boxed, listed) = (count_boxed(&folder).await, count_listed(&folder).await);
    println!("\n100 folders, one in the other: {boxed} files with boxes, {listed} with a list");
    assert_eq!((boxed, listed), (100, 100));
}

// ANCHOR: compiler_cures_kept
/// A `select` drops the branch that is not ready. A future that is pinned here, and passed by
/// reference, is kept: the next `select` goes on with it.
async fn kept() {
    let mut work = pin!(async {
        for _ in 0..3 {
            task::yield_now().await;
        }
        "done"
    });
    let mut ticks = 0;
    let result = loop {
        match select((work.as_mut(), async {})).await {
            First(result) => break result,
            Second(()) => ticks += 1,
        }
        task::yield_now().await;
    };
    println!("\nthe work is {result}, and was begun once");
    assert!(ticks >= 1 && result == "done");
}
// ANCHOR_END: compiler_cures_kept

// ANCHOR: compiler_cures_shared
/// Two futures of one task change one list. Each borrows it only between two awaits.
async fn shared() {
    let list = RefCell::new(Vec::new());
    let add = async |number: u32| {
        task::yield_now().await;
        list.borrow_mut().push(number);
    };
    join((add(1), add(2))).await;
    let mut list = list.into_inner();
    list.sort_unstable();
    println!("\nadded by two futures: {list:?}");
    assert_eq!(list, [1, 2]);
}
// ANCHOR_END: compiler_cures_shared

// ANCHOR: compiler_cures_stores
/// For generic code: the method's future is `Send`, and has a type of its own in each
/// implementation.
trait Store {
    fn get(&self, key: u32) -> impl Future<Output = String> + Send;
}

/// For `dyn`: the method's future is in a box, and of one type in all implementations.
trait DynStore {
    fn get_boxed(&self, key: u32) -> Pin<Box<dyn Future<Output = String> + Send + '_>>;
}

/// Each store is also a `dyn` one. So an implementation writes an `async fn`, and no box.
impl<S: Store> DynStore for S {
    fn get_boxed(&self, key: u32) -> Pin<Box<dyn Future<Output = String> + Send + '_>> {
        Box::pin(self.get(key))
    }
}

struct Shelf;

impl Store for Shelf {
    async fn get(&self, key: u32) -> String {
        task::yield_now().await;
        format!("{key} from the shelf")
    }
}

struct Cellar;

impl Store for Cellar {
    async fn get(&self, key: u32) -> String {
        format!("{key} from the cellar")
    }
}
// ANCHOR_END: compiler_cures_stores

// ANCHOR: compiler_cures_fetch
fn fetch<S: Store + Send + Sync + 'static>(store: S) -> task::JoinHandle<String> {
    task::spawn(async move { store.get(7).await })
}

async fn stores() {
    println!("\ngeneric: {}", fetch(Shelf).await);
    let stores: [Box<dyn DynStore>; 2] = [Box::new(Shelf), Box::new(Cellar)];
    let mut fetched = Vec::new();
    for store in &stores {
        fetched.push(store.get_boxed(8).await);
    }
    println!("dyn: {}", fetched.join(", "));
    let greetings: [Boxed<&str>; 2] = [Box::pin(async { "Good morning!" }), Box::pin(async { "Hi!" })];
    for greeting in greetings {
        task::spawn(greeting).await;
    }
    assert_eq!(fetched, ["8 from the shelf", "8 from the cellar"]);
}
// ANCHOR_END: compiler_cures_fetch

// ANCHOR: compiler_cures_lent
/// An async closure lends its arguments, and its own variables, to its future.
async fn lent() {
    let mut greeted = Vec::new();
    let mut greet = async |name: &String| {
        task::yield_now().await;
        greeted.push(format!("Hello, {name}!"));
    };
    each(&[String::from("Ada"), String::from("Ben")], &mut greet).await;
    println!("\n{}", greeted.join(" "));
    assert_eq!(greeted, ["Hello, Ada!", "Hello, Ben!"]);
}

async fn each(names: &[String], mut greet: impl AsyncFnMut(&String)) {
    for name in names {
        greet(name).await;
    }
}
// ANCHOR_END: compiler_cures_lent
