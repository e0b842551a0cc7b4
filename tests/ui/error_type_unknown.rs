//! Refused: `?` converts the error into some type, and nothing says into which.

use executor::task;

fn main() {
    let sum = task::block_on(async {
        let tea: u32 = "12".parse()?;
        task::yield_now().await;
        let milk: u32 = "30".parse()?;
        Ok(tea + milk)
    });
    println!("{:?}", sum.ok());
}
