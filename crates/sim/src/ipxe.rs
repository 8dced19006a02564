//! As much of iPXE as a fake NIC needs: what a node's script says to boot.

use reqwest::Url;

/// What a script says to boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kernel: Url,
    /// The kernel's arguments, variables filled in.
    pub(crate) line: String,
    pub(crate) ramdisk: Option<Url>,
}

impl Entry {
    /// Reads the first `kernel` and `initrd` commands of the script that came from `base`.
    pub(crate) fn parse(script: &str, base: &Url, mac: &str) -> Option<Self> {
        if !script.starts_with("#!ipxe") {
            return None;
        }
        let script = script.replace("${mac}", mac).replace("${net0/mac}", mac);
        let (kernel, line) = command(&script, "kernel")?;
        let ramdisk = command(&script, "initrd").and_then(|(url, _)| base.join(&url).ok());
        Some(Self { kernel: base.join(&kernel).ok()?, line, ramdisk })
    }

    /// The value of `name=` on the kernel line.
    pub(crate) fn argument(&self, name: &str) -> Option<&str> {
        self.line.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }
}

/// The first use of a command: its file, and the rest of its line up to the next command. Options
/// of the command (`--timeout 5000`, `--name x`) come before the file and have a value each.
fn command(script: &str, name: &str) -> Option<(String, String)> {
    let line = script.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(' '))?;
    let command = line.split(" ||").next().unwrap_or(line);
    let mut words = command.split_whitespace().peekable();
    while words.peek().is_some_and(|word| word.starts_with("--")) {
        let option = words.next()?;
        if !option.contains('=') {
            words.next();
        }
    }
    let file = words.next()?.to_owned();
    Some((file, words.collect::<Vec<_>>().join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_kernel_and_initrd_of_a_script_are_booted() {
        let script = "#!ipxe\n:retry\nimgfree\n\
            kernel --timeout 5000 http://h:8080/n/deploy_kernel selinux=0 a=b=c BOOTIF=${mac} initrd=deploy_ramdisk || goto again\n\
            initrd --name deploy_ramdisk n/deploy_ramdisk || goto again\nboot\n";
        let base: Url = "http://h:8080/pxelinux.cfg/x".parse().unwrap();
        let entry = Entry::parse(script, &base, "52:54:00:00:00:03").unwrap();
        assert_eq!(entry.kernel.as_str(), "http://h:8080/n/deploy_kernel");
        assert_eq!(entry.line, "selinux=0 a=b=c BOOTIF=52:54:00:00:00:03 initrd=deploy_ramdisk");
        assert_eq!(entry.argument("a"), Some("b=c"));
        assert_eq!(entry.ramdisk.unwrap().path(), "/pxelinux.cfg/n/deploy_ramdisk");
        assert_eq!(Entry::parse("<html>", &base, ""), None);
    }
}
