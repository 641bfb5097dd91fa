"""The probe in the loops of others, unchanged; each is skipped where its package is missing (the extra `loops`)."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from nin_lib.curvature import LocalCurvature
from nin_lib.injection import NoiseInjection
from nin_lib.probe import NoiseProbe

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"),
]

X = torch.from_numpy(np.random.default_rng(0).standard_normal((24, 6))).float()
CLASSES = torch.arange(24) % 4


def small():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 7), nn.Tanh(), nn.Linear(7, 4))


def loader():
    return DataLoader(TensorDataset(X, CLASSES), batch_size=8)


def plain(accumulate=1, epochs=2):
    """What the probe reads in a plain loop, with the same noise."""
    net = small()
    optimiser = torch.optim.SGD(net.parameters(), 0.1)
    with NoiseProbe(net) as probe:
        for _ in range(epochs):
            for i, (x, y) in enumerate(loader()):
                (functional.cross_entropy(net(x), y) / accumulate).backward()
                if (i + 1) % accumulate == 0:
                    optimiser.step()
                    optimiser.zero_grad()
    return probe.readings()


def assert_same(found, expected):
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-3, atol=1e-4)


def test_accelerate_with_accumulated_gradients():
    accelerate = pytest.importorskip("accelerate")
    accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=3)
    net = small()
    prepared, optimiser, batches = accelerator.prepare(net, torch.optim.SGD(net.parameters(), 0.1), loader())
    with NoiseProbe(net) as probe:
        for _ in range(2):
            for x, y in batches:
                with accelerator.accumulate(prepared):
                    accelerator.backward(functional.cross_entropy(prepared(x), y))
                    accelerator.clip_grad_norm_(prepared.parameters(), 1e6)
                    optimiser.step()
                    optimiser.zero_grad()
    assert_same(probe.readings(), plain(accumulate=3))


def test_lightning_with_a_validation(tmp_path):
    lightning = pytest.importorskip("lightning")

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = small()

        def training_step(self, batch, i):
            return functional.cross_entropy(self.net(batch[0]), batch[1])

        def validation_step(self, batch, i):
            clean = self.net[2](
                self.net[1](functional.linear(batch[0], self.net[0].weight, self.net[0].bias))
            )
            assert torch.equal(self.net(batch[0]), clean)

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.1)

    module = Module()
    trainer = lightning.Trainer(
        accelerator="cpu", max_epochs=2, logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=tmp_path,
    )  # fmt: skip
    with NoiseProbe(module.net) as probe:
        trainer.fit(module, loader(), loader())
    assert_same(probe.readings(), plain())
    with NoiseProbe(module) as probe:  # whose own forward is never called
        trainer.fit_loop.max_epochs = 4
        trainer.fit(module, loader(), loader())
    assert all(len(values) == 6 and values.all() for values in probe.readings().values())


def gpt2():
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=50, n_positions=16, n_embd=16, n_layer=2, n_head=2, resid_pdrop=0.0, embd_pdrop=0.0,
        attn_pdrop=0.0, bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    return transformers.GPT2LMHeadModel(config)


TOKENS = torch.from_numpy(np.random.default_rng(1).integers(0, 50, (12, 10)))


def test_the_trainer_of_hugging_face(tmp_path):
    transformers = pytest.importorskip("transformers")
    net = gpt2()
    rows = [{"input_ids": row, "labels": row} for row in TOKENS]
    arguments = transformers.TrainingArguments(
        tmp_path, max_steps=4, per_device_train_batch_size=3, gradient_accumulation_steps=2, save_steps=4,
        eval_strategy="steps", eval_steps=2, report_to="none", disable_tqdm=True, use_cpu=True, logging_strategy="no",
    )  # fmt: skip
    trainer = transformers.Trainer(net, arguments, train_dataset=rows, eval_dataset=rows)
    how = {"feature_dim": -1, "features": 64}
    with NoiseProbe(net, "*.mlp.c_fc", **how) as probe:
        trainer.train()
    assert list(probe.readings()) == ["transformer.h.0.mlp.c_fc", "transformer.h.1.mlp.c_fc"]
    assert all(values.shape == (4,) and values.all() for values in probe.readings().values())
    saved = transformers.GPT2LMHeadModel.from_pretrained(tmp_path / "checkpoint-4")
    assert [name for name, _ in saved.named_parameters()] == [name for name, _ in net.named_parameters()]


def test_a_language_model_has_a_curvature():
    net = gpt2()
    nin = NoiseInjection(net, "transformer.h.0.mlp.c_fc", 1.0, feature_dim=-1, features=64)
    batches = [{"input_ids": rows, "labels": rows} for rows in TOKENS.split(5)]
    exact, near = (
        LocalCurvature(net, nin, batches, loss=lambda output, _: output.loss, method=method)
        for method in ("products", "differences")
    )
    v = np.random.default_rng(0).standard_normal(64)
    assert np.abs(near @ v - exact @ v).max() < 0.02 * np.abs(exact @ v).max()


def test_layers_that_lora_has_wrapped():
    peft = pytest.importorskip("peft")
    torch.manual_seed(0)
    config = peft.LoraConfig(r=2, target_modules=["0", "2"])
    net = peft.get_peft_model(nn.Sequential(nn.Linear(6, 7), nn.Tanh(), nn.Linear(7, 4)), config)
    with NoiseProbe(net, "*.2", feature_dim=-1, features=4) as probe:
        optimiser = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], 0.1)
        for x, y in loader():
            functional.cross_entropy(net(x), y).backward()
            optimiser.step()
            optimiser.zero_grad()
    assert [values.shape for values in probe.readings().values()] == [(3,)]
    assert all(values.all() for values in probe.readings().values())


@pytest.mark.parametrize("name", ["Conv1D", "LoRA", "transposed"])
def test_a_node_on_layers_of_others(name):
    if name == "Conv1D":
        layer = pytest.importorskip("transformers.pytorch_utils").Conv1D(8, 6)
    elif name == "LoRA":
        peft = pytest.importorskip("peft")
        net = peft.get_peft_model(nn.Sequential(nn.Linear(6, 8)), peft.LoraConfig(r=2, target_modules=["0"]))
        layer = net.base_model.model[0]
    else:
        layer = nn.ConvTranspose1d(6, 8, 1)
    dim, x = (1, X[:4, :, None]) if name == "transposed" else (-1, X[:4])
    nin = NoiseInjection(layer, "", 1.0, feature_dim=dim, features=8)
    plain, eps = layer(x), nin.sample(4)
    with nin.noise(eps):
        shift = layer(x) - plain
    expected = (eps[:, None] * nin.weight).reshape(shift.shape)
    torch.testing.assert_close(shift, expected, rtol=1e-4, atol=1e-5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nin.remove()
    assert torch.equal(layer(x), plain)
