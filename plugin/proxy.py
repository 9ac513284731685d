"""The proxy of QGIS's network settings, for the downloads of the engine."""

from urllib.parse import quote

from qgis.core import QgsApplication, QgsSettings
from qgis.PyQt.QtNetwork import QNetworkProxy


def proxy_address():
    """The proxy of QGIS's network settings as an address.

    Returns
    -------
    str
        Such as ``"http://proxy.example:8080"``, with the name and the password before the host if
        there are any; empty if QGIS uses none, or the system's own, which pip finds by itself.
    """
    settings = QgsSettings()
    if not settings.value("proxy/proxyEnabled", False, type=bool):
        return ""
    host = settings.value("proxy/proxyHost", "", type=str)
    kind = settings.value("proxy/proxyType", "", type=str)
    if not host or kind == "DefaultProxy":
        return ""
    scheme = "socks5h" if kind == "Socks5Proxy" else "http"
    port = settings.value("proxy/proxyPort", "", type=str)
    return f"{scheme}://{_credentials(settings)}{host}" + (f":{port}" if port else "")


def _credentials(settings):
    """``name:password@`` of the proxy, from the settings or from QGIS's safe; or empty."""
    name = settings.value("proxy/proxyUser", "", type=str)
    password = settings.value("proxy/proxyPassword", "", type=str)
    safe = settings.value("proxy/authcfg", "", type=str)
    if safe:
        filled = _from_safe(safe)
        name, password = filled.user() or name, filled.password() or password
    return f"{quote(name, safe='')}:{quote(password, safe='')}@" if name else ""


def _from_safe(key):
    found = QNetworkProxy()
    changed = QgsApplication.authManager().updateNetworkProxy(found, key)
    # With Qt 5 and 6 alike, Python gets either a truth or (truth, proxy).
    return changed[1] if isinstance(changed, tuple) else found
