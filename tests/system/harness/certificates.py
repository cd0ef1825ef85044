"""Certificates made by openssl when a test needs them."""

import dataclasses
import pathlib
import subprocess


@dataclasses.dataclass
class Certificate:
    file: pathlib.Path
    key: pathlib.Path


def _openssl(*arguments):
    result = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


class Authority:
    """A certification authority that nobody else trusts."""

    def __init__(self, folder, name):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.name = name
        self.file = folder / f"{name}.pem"
        self.key = folder / f"{name}.key"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 2,
                 "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE",
                 "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", self.key, "-out", self.file)

    def issue(self, label, names, days=2):
        """A server certificate for `names` as openssl writes them: IP:127.0.0.1, DNS:localhost. It is good for so many
        days from now; with -1, its time was over yesterday."""
        made = Certificate(self.folder / f"{label}.pem", self.folder / f"{label}.key")
        request = self.folder / f"{label}.csr"
        extensions = self.folder / f"{label}.ext"
        extensions.write_text(f"subjectAltName={','.join(names)}\nextendedKeyUsage=serverAuth\n")
        _openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-subj", f"/CN={label}", "-keyout", made.key, "-out", request)
        _openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.key, "-CAcreateserial", "-days", days,
                 "-extfile", extensions, "-out", made.file)
        return made
