//! OFAC's legacy CSV.
use super::Parsed;
use bareboat_base::Code;
/// Reads the three files `sdn.csv` (or `cons_prim.csv`), `alt.csv` and `add.csv`.
pub fn parse(list: &Code, primary: &[u8], aliases: &[u8], addresses: &[u8]) -> Parsed {
    let _ = (list, primary, aliases, addresses);
    Parsed::default()
}
