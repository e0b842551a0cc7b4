//! The cycles among the stuck tasks: which of them wait for each other, and which only for one of those.
//!
//! A hundred tasks may wait for a lock while only two of the tasks wait for each other. The verdict is about the two.
//! They are a strongly connected component: each task in it can be reached from every other.
//!
//! Called by `dump::verdicts`. Next: `dump::verdicts`.

use std::collections::HashMap;

/// Returns the groups of tasks that wait for each other: of several, or of one that waits for itself. `next` says for
/// whom a task waits.
pub(super) fn cycles(tasks: &[usize], next: impl Fn(usize) -> Vec<usize>) -> Vec<Vec<usize>> {
    let forward: HashMap<usize, Vec<usize>> = tasks.iter().map(|task| (*task, next(*task))).collect();
    let mut backward: HashMap<usize, Vec<usize>> = HashMap::new();
    for (from, to) in &forward {
        to.iter().for_each(|to| backward.entry(*to).or_default().push(*from));
    }
    // Kosaraju's: in the order in which a walk leaves the tasks, the last one's component is what reaches it.
    let mut left = Vec::new();
    let mut seen = HashMap::new();
    for &task in tasks {
        walk(task, &forward, &mut seen, &mut left);
    }
    let mut placed = HashMap::new();
    let mut found = Vec::new();
    for &task in left.iter().rev() {
        let mut group = Vec::new();
        walk(task, &backward, &mut placed, &mut group);
        group.sort_unstable();
        let waits_for_itself = || forward[&task].contains(&task);
        if group.len() > 1 || group.len() == 1 && waits_for_itself() {
            found.push(group);
        }
    }
    found
}

/// A depth-first search from this task, over those that were not seen. Appends each task to `left` when the search
/// leaves it, after all that follow it (post-order).
fn walk(
    task: usize,
    next: &HashMap<usize, Vec<usize>>,
    seen: &mut HashMap<usize, ()>,
    left: &mut Vec<usize>,
) {
    if seen.insert(task, ()).is_some() {
        return;
    }
    let after = |task: usize| next.get(&task).map_or(&[][..], Vec::as_slice);
    let mut path = vec![(task, after(task).iter())];
    while let Some((task, ahead)) = path.last_mut() {
        match ahead.next() {
            Some(&to) if seen.insert(to, ()).is_none() => path.push((to, after(to).iter())),
            Some(_) => {}
            None => {
                left.push(*task);
                path.pop();
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn found(edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
        let mut tasks: Vec<usize> = edges.iter().flat_map(|(from, to)| [*from, *to]).collect();
        tasks.sort_unstable();
        tasks.dedup();
        let next = |task| edges.iter().filter(|(from, _)| *from == task).map(|(_, to)| *to).collect();
        let mut found = cycles(&tasks, next);
        found.sort();
        found
    }

    #[test]
    fn cycles_are_told_from_those_who_wait_for_them() {
        assert_eq!(found(&[(1, 2), (2, 1), (3, 1), (4, 3)]), [[1, 2]]);
        assert_eq!(found(&[(1, 1), (2, 1)]), [[1]]);
        assert_eq!(found(&[(1, 2), (2, 3)]), Vec::<Vec<usize>>::new());
        assert_eq!(found(&[(1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (5, 4)]), [vec![1, 2, 3], vec![4, 5]]);
    }
}
