"""Noise that would not act, not end, or come twice without a word is refused, or cannot happen."""

import contextlib
import copy
import io
import threading
import zlib

import numpy as np
import pytest
import torch
from torch.nn import functional
from torch.utils import checkpoint

from nin_lib.data import load
from nin_lib.injection import NoiseInjection
from nin_lib.training import train

X = torch.linspace(-1, 1, 24, dtype=torch.float64).reshape(4, 6)


def dense(*more):
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(6, 8), *more, torch.nn.ReLU(), torch.nn.Linear(8, 3)).double()


def noisy(net, nin, x=X):
    with nin.noise(nin.sample(len(x))):
        return net(x)


# --- noise that never acts ----------------------------------------------------------------------------------------


class ByForward(torch.nn.Module):
    """Calls its layer around the hooks."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(6, 3).double()

    def forward(self, x):
        return self.layer.forward(x)


class ByWeight(ByForward):
    def forward(self, x):
        return functional.linear(x, self.layer.weight, self.layer.bias)


@pytest.mark.parametrize("make", [ByForward, ByWeight])
def test_a_layer_that_is_not_called_as_a_module_is_said(make):
    net = make()
    nin = NoiseInjection(net, "layer", sigma_eps=1.0)
    with pytest.raises(
        RuntimeError, match="noise of NoiseInjection.layer 'layer'.*never acted.*layer.forward"
    ):
        noisy(net, nin)
    eps = nin.sample(4)
    with nin.noise(eps, unused=True):
        assert net(X).isfinite().all()


def test_an_error_in_a_block_is_not_hidden_by_another():
    nin = NoiseInjection(dense(), "0", sigma_eps=1.0)
    with pytest.raises(KeyError), nin.noise([1.0]):
        raise KeyError


def test_a_net_that_was_compiled_and_called_before_is_said():
    torch.compiler.reset()
    net = dense()
    compiled = torch.compile(net, backend="aot_eager")
    compiled(X)
    nin = NoiseInjection(net, "0", sigma_eps=23.0)
    with pytest.raises(RuntimeError, match="never acted.*compiled"):
        noisy(compiled, nin)


def test_compiled_code_without_graph_breaks_says_that_its_noise_acted():
    torch.compiler.reset()  # of nets of one kind PyTorch takes the code of the first, with its hooks
    net = dense()
    nin = NoiseInjection(net, "0", sigma_eps=3.0)
    compiled = torch.compile(net, backend="aot_eager", fullgraph=True)
    for n in (4, 4, 3):
        noisy(compiled, nin, X[:n])
    torch.testing.assert_close(compiled(X), net(X), rtol=1e-12, atol=1e-12)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize("make", [torch.jit.script, lambda net: torch.jit.trace(net, X)])
def test_scripted_and_traced_nets_are_refused(make):
    with pytest.raises(ValueError, match="net must not be scripted or traced"):
        NoiseInjection(make(dense()), "0", sigma_eps=1.0)


def test_training_refuses_a_frozen_node():
    data = load("digits")
    net = torch.nn.Sequential(torch.nn.Linear(64, 10)).double()
    nin = NoiseInjection(net, "0", sigma_eps=1.0)
    nin.weight.requires_grad_(False)
    with pytest.raises(
        ValueError, match="nin on layer '0' must be trained, got W_NI that asks for no gradient"
    ):
        train(net, data, nin=nin, epochs=1)


# --- noise that stays on ------------------------------------------------------------------------------------------


def test_blocks_that_overlap_without_nesting_are_refused_and_leave_no_noise():
    net = dense()
    nin = NoiseInjection(net, "0", sigma_eps=3.0)
    first, second = nin.noise(nin.sample(4)), nin.noise(nin.sample(4))
    first.__enter__()
    second.__enter__()
    net(X)
    with pytest.raises(RuntimeError, match="overlap"):
        first.__exit__(None, None, None)
    with contextlib.suppress(RuntimeError):
        second.__exit__(None, None, None)
    assert torch.equal(net(X), dense()(X))


@pytest.mark.parametrize("use", ["forward", "block"])
def test_two_threads_cannot_share_a_block(use):
    net, refused = dense(), []
    nin = NoiseInjection(net, "0", sigma_eps=3.0)

    def other():
        try:
            if use == "forward":
                net(X)
            else:
                noisy(net, nin)
        except RuntimeError as error:
            refused.append(str(error))

    with nin.noise(nin.sample(4)):
        net(X)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert "another thread: copy the net" in refused[0]


@pytest.mark.parametrize(
    "duplicate",
    [
        copy.deepcopy,
        lambda net: torch.optim.swa_utils.AveragedModel(net).module,
        lambda net: saved_and_loaded(net),
    ],
    ids=["deepcopy", "average", "saved"],
)
def test_a_copy_made_inside_a_block_is_outside_of_it_and_keeps_its_node(duplicate):
    net = dense()
    nin = NoiseInjection(net, "0", sigma_eps=3.0)
    with nin.noise(nin.sample(4)):
        net(X)
        twin = duplicate(net)
        assert torch.equal(twin(X), dense()(X))
    its = NoiseInjection.of(twin, "0")
    assert its is not nin and its.weight is twin[0].nin_weight
    assert not torch.equal(noisy(twin, its), twin(X)) and torch.equal(net(X), dense()(X))
    its.remove()
    assert [name for name, _ in twin.named_parameters()] == [name for name, _ in dense().named_parameters()]


def saved_and_loaded(net):
    file = io.BytesIO()
    torch.save(net, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


def test_a_net_exported_inside_a_block_is_refused_and_outside_clean():
    net = dense()
    nin = NoiseInjection(net, "0", sigma_eps=3.0)
    exported = torch.export.export(net, (X,)).module()
    assert torch.equal(exported(X), dense()(X))
    with pytest.raises(RuntimeError, match="must not be exported or traced inside a noise block"):
        with nin.noise(nin.sample(4)):
            torch.export.export(net, (X,))


# --- the same noise twice -----------------------------------------------------------------------------------------


def test_the_noise_goes_on_after_a_checkpoint():
    nin = NoiseInjection(dense(), "0", sigma_eps=3.0)
    nin.sample(5)
    state = nin.state_dict()
    expected = nin.sample(4)
    resumed = NoiseInjection(dense(), "0", sigma_eps=3.0)
    resumed.load_state_dict(state)
    assert torch.equal(resumed.sample(4), expected)
    with pytest.raises(ValueError, match="state must be what state_dict"):
        resumed.load_state_dict({"weight": 1})


class Drawn(torch.utils.data.Dataset):
    """Samples that come with their noise."""

    def __init__(self):
        self.nin = NoiseInjection(dense(), "0", sigma_eps=1.0)

    def __len__(self):
        return 4

    def __getitem__(self, i):
        return self.nin.sample(1)


def test_workers_of_a_loader_draw_noise_of_their_own_each_time():
    loader = torch.utils.data.DataLoader(Drawn(), batch_size=1, num_workers=2)
    drawn = [eps.item() for _ in range(2) for eps in loader]
    assert len(set(drawn)) == 8


def of_rank(rank, folder, results):
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    net = dense()
    nin = NoiseInjection(net, "0", sigma_eps=3.0)
    parallel = torch.nn.parallel.DistributedDataParallel(net)
    optimiser = torch.optim.SGD(parallel.parameters(), 0.1)
    drawn = []
    for n in (4, 4, 2 + rank):  # the last batch is smaller on one of them
        eps = nin.sample(n)
        drawn.append(eps)
        optimiser.zero_grad()
        with nin.noise(eps):
            parallel(X[:n]).square().sum().backward()
        optimiser.step()
    torch.save((torch.cat(drawn), nin.weight.detach()), f"{results}/{rank}")
    torch.distributed.destroy_process_group()


def test_the_ranks_of_a_group_draw_noise_of_their_own_and_train_as_one_process(tmp_path):
    torch.multiprocessing.spawn(of_rank, (tmp_path, tmp_path), nprocs=2)
    (first, weight), (second, other) = (torch.load(tmp_path / str(rank)) for rank in range(2))
    assert torch.equal(weight, other) and not set(first.tolist()) & set(second.tolist())
    net = dense()
    nin = NoiseInjection(net, "0", sigma_eps=3.0)
    optimiser = torch.optim.SGD(net.parameters(), 0.1)
    for of_first, of_second in zip(first.split([4, 4, 2]), second.split([4, 4, 3]), strict=True):
        optimiser.zero_grad()
        for eps in (of_first, of_second):
            with nin.noise(eps):
                (net(X[: len(eps)]).square().sum() / 2).backward()
        optimiser.step()
    torch.testing.assert_close(nin.weight, weight, rtol=1e-12, atol=1e-12)


# --- shapes -------------------------------------------------------------------------------------------------------


def test_the_dimension_of_the_samples_can_be_named():
    layer, z = torch.nn.Linear(6, 8).double(), torch.randn(5, 3, 6, dtype=torch.float64)
    nin = NoiseInjection(layer, "", sigma_eps=1.0, batch_dim=1)
    plain, eps = layer(z), nin.sample(3)
    with nin.noise(eps):
        torch.testing.assert_close(layer(z), plain + eps[None, :, None] * nin.weight, rtol=1e-12, atol=1e-12)
    with pytest.raises(ValueError, match=r"eps has length 5, but dimension 1 .* has 3: .*batch_dim"):
        with nin.noise(nin.sample(5)):
            layer(z)


@pytest.mark.parametrize(
    "make, shape", [(lambda: torch.nn.Linear(6, 8), (3, 5)), (lambda: torch.nn.Conv2d(6, 8, 1), (3, 5, 2))]
)
def test_each_position_can_have_an_eps_of_its_own(make, shape):
    layer = make().double()
    features = -1 if isinstance(layer, torch.nn.Linear) else 1
    x = torch.randn(*shape, 6, dtype=torch.float64).movedim(-1, features)
    nin = NoiseInjection(layer, "", sigma_eps=1.0, per="position")
    plain, eps = layer(x), nin.sample(*shape)
    with nin.noise(eps):
        shift = (layer(x) - plain).movedim(features, -1)
    torch.testing.assert_close(shift, eps[..., None] * nin.weight, rtol=1e-12, atol=1e-12)
    with pytest.raises(ValueError, match=r"positions of shape \(3, 5.*use nin.sample\(3, 5"):
        with nin.noise(nin.sample(3)):
            layer(x)


class Conv1D(torch.nn.Module):
    """Like that of Hugging Face's GPT-2: a linear layer whose weight is transposed."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(6, 8, dtype=torch.float64))

    def forward(self, x):
        return x @ self.weight


class Adapted(torch.nn.Module):
    """Like a layer wrapped by LoRA: a linear layer, and a product of two thin ones beside it."""

    def __init__(self):
        super().__init__()
        self.base_layer = torch.nn.Linear(6, 8).double()
        self.down, self.up = (torch.nn.Linear(*size, bias=False).double() for size in ((6, 2), (2, 8)))

    @property
    def weight(self):
        return self.base_layer.weight

    def forward(self, x):
        return self.base_layer(x) + self.up(self.down(x))


@pytest.mark.parametrize(
    "layer, x, dim, fan_in",
    [
        (Conv1D(), torch.ones(4, 5, 6), -1, 6),
        (Adapted(), torch.ones(4, 5, 6), -1, 6),
        (torch.nn.ConvTranspose2d(6, 8, 3).double(), torch.ones(4, 6, 2, 2), 1, 54),
    ],
    ids=["Conv1D", "LoRA", "transposed"],
)
def test_other_layers_say_where_they_keep_their_features(layer, x, dim, fan_in):
    x = x.double()
    with pytest.raises(ValueError, match="layer must name .* or give feature_dim and features"):
        NoiseInjection(layer, "", sigma_eps=1.0)
    plain = layer(x)
    nin = NoiseInjection(layer, "", sigma_eps=1.0, feature_dim=dim, features=8)
    expected = np.random.default_rng([0, zlib.crc32(b"nin ")]).standard_normal(8)
    assert np.allclose(nin.weight.detach(), expected / np.sqrt(fan_in), rtol=1e-12)
    eps = nin.sample(4)
    with nin.noise(eps):
        shift = (layer(x) - plain).movedim(dim, -1)
    shape = [4] + [1] * (shift.ndim - 1)
    torch.testing.assert_close(
        shift, (eps.reshape(shape) * nin.weight).expand_as(shift), rtol=1e-12, atol=1e-12
    )
    nin.remove()
    nin = NoiseInjection(layer, "", sigma_eps=1.0, feature_dim=dim, features=7)
    with pytest.raises(ValueError, match="must have 7 features"), nin.noise(eps):
        layer(x)


@pytest.mark.parametrize(
    "given, message",
    [
        ({"features": 8}, "features must come with feature_dim, got 8 alone"),
        ({"feature_dim": 1}, "features must come with feature_dim, got feature_dim=1 alone"),
        ({"per": "token"}, "per must be one of 'sample', 'position', got 'token'"),
        ({"batch_dim": 0.5}, "batch_dim must be a whole number"),
    ],
)
def test_bad_dimensions_are_refused(given, message):
    with pytest.raises((ValueError, TypeError), match=message):
        NoiseInjection(dense(), "0", sigma_eps=1.0, **given)


def test_a_dimension_that_z_lacks_is_refused():
    net = dense()
    nin = NoiseInjection(net, "0", sigma_eps=1.0, batch_dim=2)
    with pytest.raises(ValueError, match=r"batch_dim must be a dimension .* got 2: its shape is \(4, 8\)"):
        noisy(net, nin)


# --- the rest -----------------------------------------------------------------------------------------------------


def test_a_later_layer_of_another_kind_that_keeps_statistics_is_said_too():
    with pytest.warns(UserWarning, match="running statistics of BatchNorm and InstanceNorm"):
        NoiseInjection(dense(torch.nn.InstanceNorm1d(8, track_running_stats=True)), "0", sigma_eps=10.0)
    NoiseInjection(dense(torch.nn.InstanceNorm1d(8)), "0", sigma_eps=10.0)


def test_a_later_batch_norm_is_said_once_and_one_without_statistics_or_before_is_not(recwarn):
    nin = [None]
    with pytest.warns(UserWarning, match="running statistics of BatchNorm.*update_bn"):
        nin[0] = NoiseInjection(net := dense(torch.nn.BatchNorm1d(8)), "0", sigma_eps=10.0)
    recwarn.clear()
    noisy(net, nin[0])
    NoiseInjection(dense(torch.nn.BatchNorm1d(8)), "3", sigma_eps=10.0)
    NoiseInjection(dense(torch.nn.BatchNorm1d(8, track_running_stats=False)), "0", sigma_eps=10.0)
    assert not recwarn.list


@pytest.mark.parametrize("reentrant", [True, False])
def test_backward_outside_the_block_is_said_under_checkpointing(reentrant):
    net = dense()
    nin = NoiseInjection(net, "0", sigma_eps=3.0)
    x = X.clone().requires_grad_()
    with nin.noise(nin.sample(4)):
        loss = checkpoint.checkpoint(net, x, use_reentrant=reentrant).sum()
    with pytest.raises(RuntimeError, match="put backward.. inside the noise block"):
        loss.backward()
    with nin.noise(eps := nin.sample(4)):
        checkpoint.checkpoint(net, x, use_reentrant=reentrant).sum().backward()
    inside = nin.weight.grad.clone()
    nin.weight.grad = None
    with nin.noise(eps):
        net(X).sum().backward()
    assert torch.equal(inside, nin.weight.grad)
    checkpoint.checkpoint(net, x, use_reentrant=reentrant).sum().backward()  # clean, and stays possible


def test_under_autocast_the_layer_keeps_the_type_of_its_output():
    net = dense().float()
    nin = NoiseInjection(net, "0", sigma_eps=1.0)
    with torch.autocast("cpu", torch.bfloat16), nin.noise(nin.sample(4)):
        assert net[0](X.float()).dtype == torch.bfloat16
        net(X.float()).sum().backward()
    assert nin.weight.grad.dtype == torch.float32


def test_a_node_says_what_it_is_and_is_found_by_its_layer():
    net = dense()
    nin = NoiseInjection(net, "2", sigma_eps=3.5, distribution="laplace")
    assert repr(nin) == "NoiseInjection(layer '2', sigma_eps=3.5, laplace)"
    assert NoiseInjection.of(net, "2") is nin
    with pytest.raises(ValueError, match=r"layer must name one that has a NIN, got '0', and \['2'\] has"):
        NoiseInjection.of(net, "0")
    nin.remove()
    assert repr(nin) == "NoiseInjection(removed from layer '2', sigma_eps=3.5, laplace)"


class Quantised(torch.nn.Module):
    """Keeps packed weights, and has a method where others have a tensor, as PyTorch's quantised layers do."""

    def weight(self):
        return torch.ones(8, 6)


def test_naming_the_features_does_not_make_a_layer_one_that_is_called():
    with pytest.raises(ValueError, match="got 'out_proj', which MultiheadAttention never calls"):
        NoiseInjection(torch.nn.MultiheadAttention(8, 2), "out_proj", 1.0, feature_dim=-1, features=8)


def test_quantised_layers_are_refused():
    net = torch.nn.Sequential(Quantised())
    with pytest.raises(ValueError, match="got '0', a Quantised: use one of"):
        NoiseInjection(net, "0", 1.0)
    with pytest.raises(ValueError, match="layer '0' must have real weights, got Quantised"):
        NoiseInjection(net, "0", 1.0, feature_dim=-1, features=8)
