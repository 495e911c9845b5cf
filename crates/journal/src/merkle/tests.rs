use bareboat_base::hash::unhex;
use proptest::prelude::*;

use super::*;

fn leaf(bytes: &[u8]) -> Digest {
    Digest::of(&[&[0], bytes])
}

/// RFC 6962 §2.1, as it is written.
fn oracle(leaves: &[Digest]) -> Digest {
    match leaves.len() {
        0 => Digest::of(&[]),
        1 => leaves[0],
        count => {
            let mut split = 1;
            while split * 2 < count {
                split *= 2;
            }
            Digest::of(&[
                &[1],
                &oracle(&leaves[..split]).0,
                &oracle(&leaves[split..]).0,
            ])
        }
    }
}

/// The eight leaves and the roots that the reference implementations of RFC 6962 test with.
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

#[test]
fn known_vectors() {
    let mut frontier = Frontier::default();
    assert_eq!(frontier.root().to_string(), ROOTS[0]);
    for (text, root) in LEAVES.iter().zip(&ROOTS[1..]) {
        frontier.push(leaf(&unhex(text).unwrap()));
        assert_eq!(frontier.root().to_string(), *root);
    }
}

#[test]
fn known_inclusion_path() {
    let leaves: Vec<_> = LEAVES.iter().map(|t| leaf(&unhex(t).unwrap())).collect();
    let path = inclusion(&leaves, 5).unwrap();
    let expected = [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ];
    assert_eq!(
        path.iter().map(ToString::to_string).collect::<Vec<_>>(),
        expected
    );
}

fn leaves(count: usize) -> Vec<Digest> {
    (0..count).map(|n| leaf(&n.to_be_bytes())).collect()
}

#[test]
fn every_leaf_of_small_trees_is_proved() {
    for count in 1..=33 {
        let all = leaves(count);
        let root = oracle(&all);
        for (index, own) in all.iter().enumerate() {
            let proof = inclusion(&all, index).unwrap();
            let shows = |index: usize, leaf: &Digest| {
                included(leaf, index as u64, count as u64, &proof, &root)
            };
            assert!(shows(index, own), "{index} of {count}");
            for other in (0..count).filter(|other| *other != index) {
                assert!(!shows(other, own), "{index} passed for {other}");
                assert!(!shows(index, &all[other]), "{other} passed at {index}");
            }
        }
        assert!(inclusion(&all, count).is_none());
    }
}

#[test]
fn every_beginning_of_small_trees_is_proved() {
    for later in 0..=33 {
        let all = leaves(later);
        for earlier in 0..=later {
            let proof = consistency(&all, earlier).unwrap();
            let (old, new) = (oracle(&all[..earlier]), oracle(&all));
            let shows = |old: &Digest, new: &Digest| {
                consistent(earlier as u64, old, later as u64, new, &proof)
            };
            assert!(shows(&old, &new), "{earlier} of {later}");
            let wrong = leaf(b"wrong");
            assert!(!shows(&wrong, &new));
            // Nothing is below an empty tree: any later one continues it.
            assert_eq!(shows(&old, &wrong), earlier == 0 && later > 0);
        }
        assert!(consistency(&all, later + 1).is_none());
    }
}

proptest! {
    #[test]
    fn frontier_equals_oracle(count in 0_usize..300) {
        let all = leaves(count);
        let mut frontier = Frontier::default();
        for leaf in &all {
            frontier.push(*leaf);
        }
        prop_assert_eq!(frontier.root(), oracle(&all));
        let again = Frontier::from_parts(frontier.count(), frontier.roots().to_vec());
        prop_assert_eq!(again, Some(frontier));
    }

    #[test]
    fn a_changed_proof_shows_nothing(
        count in 2_usize..200, pick in any::<prop::sample::Index>(), bit in any::<u16>(),
    ) {
        let all = leaves(count);
        let root = oracle(&all);
        let index = pick.index(count);
        let mut proof = inclusion(&all, index).unwrap();
        let bit = usize::from(bit) % (proof.len() * 256);
        proof[bit / 256].0[bit % 256 / 8] ^= 1 << (bit % 8);
        prop_assert!(!included(&all[index], index as u64, count as u64, &proof, &root));
    }
}
