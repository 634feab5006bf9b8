"""What `azureml.core.authentication` offers, thin over `muster`."""
from muster.authentication import (AbstractAuthentication, ArmTokenAuthentication, AzureCliAuthentication, InteractiveLoginAuthentication,
                                   MsiAuthentication, ServicePrincipalAuthentication, TokenAuthentication)

__all__ = ["AbstractAuthentication", "ArmTokenAuthentication", "AzureCliAuthentication", "InteractiveLoginAuthentication",
           "MsiAuthentication", "ServicePrincipalAuthentication", "TokenAuthentication"]
