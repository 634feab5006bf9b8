"""The ways to sign in that Azure ML's SDK v1 has. A Muster server knows its users by tokens, so these are accepted and unused."""
import warnings
from typing import Any, Dict, Optional

from ._client.config import find_server, find_token

_warned = False


class AbstractAuthentication:
    """Accepted where Azure's SDK takes an `auth`; the token of `muster login`, or MUSTER_TOKEN, is what counts."""

    def __init__(self) -> None:
        global _warned
        if not _warned:
            _warned = True
            warnings.warn("{} is accepted and unused: a Muster server is reached with the token of `muster login`, or "
                          "MUSTER_TOKEN.".format(type(self).__name__), stacklevel=3)

    def get_authentication_header(self) -> Dict[str, str]:
        """The header that this machine's token makes."""
        return {"Authorization": "Bearer " + find_token(find_server(None, None))}


class InteractiveLoginAuthentication(AbstractAuthentication):
    """Accepted and unused; nothing asks anybody to sign in."""

    def __init__(self, force: bool = False, tenant_id: Optional[str] = None, cloud: Optional[str] = None) -> None:
        super().__init__()


class ServicePrincipalAuthentication(AbstractAuthentication):
    """Accepted and unused; the password is not kept."""

    def __init__(self, tenant_id: str, service_principal_id: str, service_principal_password: str, cloud: str = "AzureCloud",
                 _enable_caching: bool = True) -> None:
        super().__init__()


class AzureCliAuthentication(AbstractAuthentication):
    """Accepted and unused."""

    def __init__(self, cloud: Optional[str] = None) -> None:
        super().__init__()


class MsiAuthentication(AbstractAuthentication):
    """Accepted and unused."""

    def __init__(self, identity_config: Any = None, cloud: Optional[str] = None) -> None:
        super().__init__()


class ArmTokenAuthentication(AbstractAuthentication):
    """Accepted and unused; the token is not kept."""

    def __init__(self, arm_access_token: str, cloud: Optional[str] = None) -> None:
        super().__init__()


class TokenAuthentication(AbstractAuthentication):
    """Accepted and unused."""

    def __init__(self, get_token_for_audience: Any, cloud: Optional[str] = None) -> None:
        super().__init__()
