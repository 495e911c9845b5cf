pub fn run(_: Option<&str>) {}
