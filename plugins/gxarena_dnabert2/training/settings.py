"""A recipe's ``[settings]``: what pre-training and fine-tuning are told."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt

Share = Annotated[float, Field(ge=0.0, lt=1.0)]
Rate = Annotated[float, Field(gt=0.0, le=10.0)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Network(_Table):
    """Sizes of a new network."""

    vocab_size: PositiveInt = 512
    hidden_size: PositiveInt = 128
    num_hidden_layers: PositiveInt = 4
    num_attention_heads: PositiveInt = 4
    intermediate_size: PositiveInt = 256


class Stage(_Table):
    """What both stages are told.

    Parameters
    ----------
    batch_size : int
    learning_rate, weight_decay : float
        Of AdamW; the rate falls along a cosine.
    warmup : float
        Share of the steps over which the rate rises first.
    dropout : float
    cuts : float
        Share of the nucleotides before which sequences are cut and tokenised anew: an
        augmentation.
    bfloat16 : bool
        Mixed precision, where the device computes in it; float32 elsewhere.
    """

    batch_size: PositiveInt = 64
    learning_rate: Rate = 1e-3
    weight_decay: Annotated[float, Field(ge=0.0)] = 0.01
    warmup: Share = 0.05
    dropout: Share = 0.0
    cuts: Share = 0.05
    bfloat16: bool = True


class Pretraining(Stage):
    """Masked-language pre-training on random stretches of a corpus.

    Parameters
    ----------
    corpus : str
        FASTA file, or ``name:split`` of a data set.
    exclude : list of str
        Chromosomes left out, so that no test sequence is seen.
    steps, length : int
        Optimizer steps, and nucleotides of a stretch.
    masked : float
        Share of tokens to be guessed; of those 80% become [MASK], 10% another token.
    """

    corpus: str
    exclude: list[str] = []
    steps: PositiveInt = 3000
    length: PositiveInt = 250
    masked: Share = 0.2


class Finetuning(Stage):
    """Fine-tuning on the recipe's train split.

    Parameters
    ----------
    epochs : int
    accumulation : int
        Batches per optimizer step, for networks that leave little memory.
    label_smoothing : float
    unknown : float
        Share of tokens shown as [UNK]: an augmentation, and the network gets to know the token
        that perturbation metrics put in place of others.
    average_last : int
        Keep the mean of the weights at the ends of so many last epochs; 0 keeps the epoch with
        the best validation AUC.
    """

    epochs: PositiveInt = 5
    accumulation: PositiveInt = 1
    label_smoothing: Share = 0.0
    unknown: Share = 0.0
    average_last: NonNegativeInt = 0


class Settings(_Table):
    """A recipe's ``[settings]``: pre-training of a new network, or a checkpoint to start from."""

    network: Network = Network()
    pretraining: Pretraining | None = None
    checkpoint: str = ""
    finetuning: Finetuning = Finetuning()
