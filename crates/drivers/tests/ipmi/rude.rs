//! An ipmitool that answers as it is told to, and writes down how it was called.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use assay_drivers::ipmi::{IpmiConfig, IpmiManagement, IpmiPower, interfaces};
use tempfile::TempDir;

/// A program in a folder of its own.
pub struct Rude {
    folder: TempDir,
}

impl Rude {
    /// `manners` is a shell script that finds ipmitool's command in `$command`; `$folder` is its own to write to.
    pub fn new(manners: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ipmitool");
        let script = format!(
            "#!/bin/sh\nfolder={}\nread password\nprintf '%s|%s|%s\\n' \"$*\" \"$password\" \"$(printf %s \"$IPMI_KGKEY\" | od -An -tx1)\" \
             >> $folder/calls\nwhile [ \"$1\" != chassis ] && [ \"$1\" != raw ]; do shift; done\ncommand=\"$*\"\n{manners}\n",
            folder.path().display()
        );
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    /// The interfaces that call it, with the patience of a test.
    pub fn interfaces(&self, change: impl FnOnce(&mut IpmiConfig)) -> (IpmiPower, IpmiManagement) {
        let mut config = IpmiConfig {
            tool: self.folder.path().join("ipmitool"),
            call_timeout: Duration::from_secs(3),
            min_command_interval: Duration::ZERO,
            power_state_change_timeout: Duration::from_millis(600),
            ..IpmiConfig::default()
        };
        change(&mut config);
        interfaces(config)
    }

    /// How it was called: arguments, password and key of each call.
    pub fn calls(&self) -> Vec<[String; 3]> {
        let calls = self.read("calls");
        let fields = |line: &str| line.split('|').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
        calls.lines().map(fields).collect()
    }

    /// What its manners wrote to one of its files.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    /// The commands alone.
    pub fn commands(&self) -> Vec<String> {
        let command =
            |arguments: &str| arguments[arguments.find("chassis").or(arguments.find("raw")).unwrap()..].to_owned();
        self.calls().iter().map(|[arguments, ..]| command(arguments)).collect()
    }
}

/// A machine that does as it is told.
pub const MACHINE: &str = r#"
power=$(cat $folder/power 2>/dev/null || echo off)
case "$command" in
  "chassis power status") echo "Chassis Power is $power";;
  "chassis power soft") echo off > $folder/power;;
  "chassis power reset") ;;
  "chassis power "*) echo ${command##* } > $folder/power;;
  "raw 0x00 0x09 "*) echo " 01 05 $(cat $folder/flags 2>/dev/null || echo 00 00) 00 00 00";;
  "raw 0x00 0x08 0x05 "*) set -- $command; echo "${5#0x} ${6#0x}" > $folder/flags;;
esac
"#;
