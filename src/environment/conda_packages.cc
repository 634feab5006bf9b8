#include "environment/conda_packages.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace muster::environment {
namespace {

/// The table: the same project, released under the same name and version numbers by conda's channels and by PyPI. Sorted.
constexpr auto kSameOnPyPI = std::to_array<std::string_view>({
    "absl-py",
    "aiohttp",
    "altair",
    "attrs",
    "beautifulsoup4",
    "bokeh",
    "boto3",
    "catboost",
    "category_encoders",
    "certifi",
    "cffi",
    "click",
    "cloudpickle",
    "cryptography",
    "cython",
    "dask",
    "decorator",
    "dill",
    "distributed",
    "fastparquet",
    "filelock",
    "flask",
    "fsspec",
    "future",
    "gensim",
    "gitpython",
    "grpcio",
    "gunicorn",
    "h5py",
    "holidays",
    "horovod",
    "imbalanced-learn",
    "ipykernel",
    "ipython",
    "ipywidgets",
    "jinja2",
    "joblib",
    "jsonschema",
    "jupyter",
    "keras",
    "lightgbm",
    "llvmlite",
    "lxml",
    "markdown",
    "matplotlib",
    "mlflow",
    "mlxtend",
    "mock",
    "mpi4py",
    "nbconvert",
    "nbformat",
    "networkx",
    "nibabel",
    "nltk",
    "notebook",
    "numba",
    "numexpr",
    "numpy",
    "onnx",
    "onnxruntime",
    "openpyxl",
    "optuna",
    "packaging",
    "pandas",
    "papermill",
    "pillow",
    "plotly",
    "protobuf",
    "psutil",
    "psycopg2",
    "py-cpuinfo",
    "pyarrow",
    "pydicom",
    "pyjwt",
    "pymongo",
    "pymysql",
    "pyodbc",
    "pytest",
    "python-dateutil",
    "pytorch-lightning",
    "pytz",
    "pyyaml",
    "pyzmq",
    "regex",
    "requests",
    "ruamel.yaml",
    "scikit-image",
    "scikit-learn",
    "scipy",
    "seaborn",
    "sentencepiece",
    "setuptools",
    "shap",
    "simplejson",
    "six",
    "spacy",
    "sqlalchemy",
    "statsmodels",
    "sympy",
    "tensorboard",
    "tensorboardx",
    "tensorflow",
    "tokenizers",
    "toolz",
    "torchaudio",
    "torchvision",
    "tornado",
    "tqdm",
    "transformers",
    "typing_extensions",
    "ujson",
    "umap-learn",
    "urllib3",
    "wheel",
    "xgboost",
    "xlrd",
    "xlsxwriter",
});

/// The same project under another name on PyPI, or with other version numbers: named to people, never taken by itself.
constexpr auto kOtherNameOnPyPI = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"msgpack-python", "msgpack"},
    {"opencv", "opencv-python"},
    {"py-opencv", "opencv-python"},
    {"py-xgboost", "xgboost"},
    {"pytables", "tables"},
    {"pytorch", "torch"},
    {"pytorch-cpu", "torch"},
    {"pytorch-gpu", "torch"},
    {"tensorflow-gpu", "tensorflow"},
});

bool is_number(std::string_view version) {
  return !version.empty() && std::all_of(version.begin(), version.end(), [](char c) { return is_digit(c) || c == '.'; });
}

std::string_view without_channel(std::string_view package) {
  const std::size_t channel = package.find("::");
  if (channel != std::string_view::npos) package.remove_prefix(channel + 2);
  while (package.starts_with(' ')) package.remove_prefix(1);
  while (package.ends_with(' ')) package.remove_suffix(1);
  return package;
}

/// conda's "=1.19" (1.19 and all that begins with it), "==1.19.2", "1.19.*", ">=1.19,<2"; what follows a second "=" is a build.
std::optional<std::string> specifier(std::string_view version) {
  while (version.starts_with(' ')) version.remove_prefix(1);
  if (version.empty() || version == "=*" || version == "*") return "";
  if (version.find_first_of("|[]'\"") != std::string_view::npos) return std::nullopt;
  if (version.starts_with('<') || version.starts_with('>') || version.starts_with('!') || version.starts_with('~')) {
    std::string text(version);
    text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
    return text;
  }
  const bool exact = version.starts_with("==");
  while (version.starts_with('=') || version.starts_with(' ')) version.remove_prefix(1);
  version = version.substr(0, version.find_first_of("= "));
  if (version.empty() || version.find_first_of("<>,") != std::string_view::npos) return std::nullopt;
  const bool whole = exact || version.ends_with('*') || !is_number(version) || std::count(version.begin(), version.end(), '.') >= 2;
  return fmt::format("=={}{}", version, whole ? "" : ".*");
}

}  // namespace

std::string conda_package_name(std::string_view package) {
  package = without_channel(package);
  return to_lower(package.substr(0, package.find_first_of("=<>!~ [")));
}

std::optional<std::string> requirement_instead_of(std::string_view conda_package) {
  const std::string name = conda_package_name(conda_package);
  if (std::find(kSameOnPyPI.begin(), kSameOnPyPI.end(), name) == kSameOnPyPI.end()) return std::nullopt;
  const auto version = specifier(without_channel(conda_package).substr(name.size()));
  if (!version) return std::nullopt;
  return name + *version;
}

std::string advice_on_conda_package(std::string_view conda_package) {
  const std::string name = conda_package_name(conda_package);
  for (const auto& [conda, pypi] : kOtherNameOnPyPI) {
    if (conda == name) return fmt::format("PyPI has it as {}: give that in `pip_packages`", pypi);
  }
  return "give it in `pip_packages` when PyPI has it, or make the environment yourself and name its Python in `interpreter_path`";
}

}  // namespace muster::environment
