//! Needs that are files: state, key, programs, images.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::Check;
use crate::{boot::loaders, config::Config, parts};

/// The folder for the database exists, or can be made, and can be written.
pub fn state_path(config: &Config) -> Check {
    const WHAT: &str = "state folder";
    let path = &config.assay.state_path;
    let shown = path.display();
    let existing = path.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(Path::new("/"));
    match tempfile_in(existing) {
        Ok(()) if existing == path => Check::met(WHAT, format!("{shown} can be written")),
        Ok(()) => Check::met(WHAT, format!("{shown} will be made")),
        Err(error) => Check::missing(
            WHAT,
            format!("{} can't be written: {error}", existing.display()),
            format!("make {shown} and give it to the user that runs assay, or set [assay] state_path"),
        ),
    }
}

/// Tries what permissions alone don't tell: a read-only file system, a full disk.
fn tempfile_in(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(format!(".assay-doctor-{}", std::process::id()));
    fs::write(&probe, b"?")?;
    fs::remove_file(&probe)
}

/// The key is for its owner's eyes only.
pub fn key_file(config: &Config) -> Check {
    const WHAT: &str = "instance key";
    let path = &config.assay.key_file;
    let shown = path.display();
    match fs::metadata(path) {
        Err(_) => Check::met(WHAT, format!("{shown} will be made")),
        Ok(metadata) if metadata.permissions().mode() & 0o077 == 0 => Check::met(WHAT, format!("{shown} is private")),
        Ok(_) => Check::missing(WHAT, format!("{shown} can be read by others"), format!("chmod 600 {shown}")),
    }
}

/// The program through which BMCs are asked that speak IPMI.
pub fn ipmitool(config: &Config) -> Vec<Check> {
    const WHAT: &str = "IPMI";
    const REMEDY: &str = "apt-get install ipmitool";
    let named = config.interfaces.enabled_hardware_types.as_ref().map(|types| types.iter().any(|name| name == "ipmi"));
    if named == Some(false) {
        return Vec::new();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("ipmitool")).find(|program| program.is_file());
    vec![match (found, named) {
        (Some(program), _) => Check::met(WHAT, program.display().to_string()),
        (None, Some(_)) => Check::missing(WHAT, "ipmitool was not found", REMEDY),
        (None, None) => {
            Check::note(WHAT, format!("ipmitool was not found; only nodes of driver ipmi need it ({REMEDY})"))
        }
    }]
}

/// The boot loaders that machines are told; they are the distribution's and not ours.
pub fn loaders(config: &Config) -> Vec<Check> {
    const WHAT: &str = "boot loader";
    let names = parts::loaders(config);
    let folder = config.assay.loader_dir.as_deref();
    let (found, missing) = loaders::find(&names, folder, &config.pxe.loader_file_paths);
    let met = found.iter().map(|(name, path)| Check::met(WHAT, format!("{name}: {}", path.display())));
    let missing = missing.into_iter().map(|loader| {
        let remedy = match loader.package {
            Some(package) => format!("apt-get install {package}"),
            None => "put it into [assay] loader_dir, or name it in [pxe] loader_file_paths".to_owned(),
        };
        let found = format!("{} was not found", loader.name);
        if loader.told == names.ipxe.bios || loader.told == names.ipxe.uefi {
            Check::missing(WHAT, found, remedy)
        } else {
            Check::note(WHAT, format!("{found}; only nodes that boot by it need it ({remedy})"))
        }
    });
    met.chain(missing).collect()
}

/// The ramdisk's kernel and initramfs for nodes that name none.
pub fn images(config: &Config) -> Vec<Check> {
    let options =
        [("deploy_kernel", &config.conductor.deploy_kernel), ("deploy_ramdisk", &config.conductor.deploy_ramdisk)];
    options
        .into_iter()
        .map(|(name, href)| image(name, href.as_deref(), &config.conductor.file_url_allowed_paths))
        .collect()
}

fn image(name: &str, href: Option<&str>, allowed: &[PathBuf]) -> Check {
    const WHAT: &str = "ramdisk image";
    let Some(href) = href else {
        return Check::note(WHAT, format!("[conductor] {name} is unset: each node has to name its own in driver_info"));
    };
    let Some(path) = href.strip_prefix("file://") else {
        return Check::note(WHAT, format!("[conductor] {name} = {href} is fetched when it is needed"));
    };
    let remedy = format!("put it there, or set [conductor] {name}");
    let Ok(real) = fs::canonicalize(path) else {
        return Check::missing(WHAT, format!("[conductor] {name}: {path} is not there"), remedy);
    };
    let is_allowed = allowed.iter().any(|folder| fs::canonicalize(folder).is_ok_and(|folder| real.starts_with(folder)));
    if !is_allowed {
        let remedy = "move it, or add its folder to [conductor] file_url_allowed_paths";
        return Check::missing(WHAT, format!("[conductor] {name}: {} is in no allowed folder", real.display()), remedy);
    }
    match fs::File::open(&real) {
        Ok(_) if real.is_file() => Check::met(WHAT, format!("[conductor] {name}: {path}")),
        Ok(_) => Check::missing(WHAT, format!("[conductor] {name}: {path} is no file"), remedy),
        Err(error) => Check::missing(WHAT, format!("[conductor] {name}: {path} can't be read: {error}"), remedy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[test]
    fn an_image_has_to_be_there_and_in_an_allowed_folder() {
        let folder = tempfile::tempdir().unwrap();
        let (inside, outside) = (folder.path().join("images"), folder.path().join("elsewhere"));
        fs::create_dir(&inside).unwrap();
        fs::write(inside.join("kernel"), "k").unwrap();
        fs::write(&outside, "k").unwrap();
        std::os::unix::fs::symlink(&outside, inside.join("link")).unwrap();
        let state = |path: &Path| {
            image("deploy_kernel", Some(&format!("file://{}", path.display())), std::slice::from_ref(&inside)).state
        };
        assert_eq!(state(&inside.join("kernel")), State::Met);
        assert!(matches!(state(&inside.join("absent")), State::Missing(_)));
        assert!(matches!(state(&inside.join("link")), State::Missing(_)));
        assert!(matches!(state(&outside), State::Missing(_)));
        assert_eq!(image("deploy_kernel", None, &[]).state, State::Note);
    }
}
