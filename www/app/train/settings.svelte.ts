// What the form says, as options of `fit`. Empty fields leave torch's defaults.
import type { FitOptions, GroupOptions, LossOptions, OptimizerOptions, PlainValue, SchedulerOptions, TrainOptions } from "torchtab";
import { keywords } from "./keywords.js";
import { DataError, type Lesson } from "./set.js";

/** torch.optim's classes with the default of their learning rate, and whether momentum is theirs. */
export const OPTIMIZERS: readonly { readonly name: string; readonly lr: string; readonly momentum: boolean; readonly more: string }[] = [
  { name: "AdamW", lr: "0.001", momentum: false, more: "betas=(0.9, 0.999), eps=1e-8, amsgrad=False" },
  { name: "Adam", lr: "0.001", momentum: false, more: "betas=(0.9, 0.999), eps=1e-8, amsgrad=False" },
  { name: "SGD", lr: "0.001", momentum: true, more: "nesterov=True, dampening=0" },
  { name: "RMSprop", lr: "0.01", momentum: true, more: "alpha=0.99, centered=False" },
  { name: "Adagrad", lr: "0.01", momentum: false, more: "lr_decay=0, eps=1e-10" },
  { name: "Adadelta", lr: "1.0", momentum: false, more: "rho=0.9, eps=1e-6" },
  { name: "Adamax", lr: "0.002", momentum: false, more: "betas=(0.9, 0.999)" },
  { name: "NAdam", lr: "0.002", momentum: false, more: "momentum_decay=0.004" },
  { name: "RAdam", lr: "0.001", momentum: false, more: "betas=(0.9, 0.999)" },
  { name: "ASGD", lr: "0.01", momentum: false, more: "lambd=1e-4, alpha=0.75, t0=1e6" },
  { name: "Rprop", lr: "0.01", momentum: false, more: "etas=(0.5, 1.2), step_sizes=(1e-6, 50)" },
];

/** torch.optim.lr_scheduler's classes and an example of their arguments. */
export const SCHEDULERS: readonly { readonly name: string; readonly example: string }[] = [
  { name: "StepLR", example: "step_size=5, gamma=0.5" },
  { name: "MultiStepLR", example: "milestones=[6, 9], gamma=0.1" },
  { name: "ExponentialLR", example: "gamma=0.95" },
  { name: "CosineAnnealingLR", example: "T_max=10" },
  { name: "CosineAnnealingWarmRestarts", example: "T_0=5, T_mult=2" },
  { name: "LinearLR", example: "start_factor=0.1, total_iters=5" },
  { name: "ConstantLR", example: "factor=0.5, total_iters=3" },
  { name: "PolynomialLR", example: "total_iters=10, power=2" },
  { name: "OneCycleLR", example: "max_lr=0.01, total_steps=440" },
  { name: "CyclicLR", example: "base_lr=0.0001, max_lr=0.01, cycle_momentum=False" },
  { name: "LambdaLR", example: "lr_lambda=lambda epoch: 0.95 ** epoch" },
  { name: "ReduceLROnPlateau", example: "factor=0.5, patience=2" },
];

/** Losses to choose from; any other can be typed. */
export const LOSSES = [
  "CrossEntropyLoss", "NLLLoss", "BCEWithLogitsLoss", "BCELoss", "MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "KLDivLoss",
  "MultiLabelSoftMarginLoss", "nn.CrossEntropyLoss(label_smoothing=0.1)",
] as const;

/** The form. */
export class Settings {
  /** Empty for the proposed one. */
  loss = $state("");
  /** `resume` for the one in the file. */
  optimizer = $state("AdamW");
  lr: number | null | undefined = $state();
  weightDecay: number | null | undefined = $state();
  momentum: number | null | undefined = $state();
  more = $state("");
  /** A line a group: `fc.*: lr=0.01`. */
  groups = $state("");
  /** Empty for none; with a resumed optimizer that of the file. */
  scheduler = $state("");
  schedulerArguments = $state("");
  epochs: number | null = $state(10);
  batchSize: number | null = $state(32);
  share: number | null = $state(20);
  seed: number | null = $state(0);
  trains: "all" | "last" | "patterns" = $state("all");
  /** Names or patterns, a line or comma each. */
  freeze = $state("");
  only = $state("");
  freezeBatchNorm = $state(false);
  clip: "" | "norm" | "value" = $state("");
  clipLimit: number | null = $state(1);
  accumulate: number | null = $state(1);
  restoreBest = $state(true);

  /** Options of `fit`, without data. Mistakes in the form are told in its words. */
  options(lesson: Pick<Lesson, "loss" | "on">): FitOptions {
    return { ...this.stepOptions(lesson), epochs: whole(this.epochs, "Epochs", 1), batchSize: this.batch(), restoreBest: this.restoreBest };
  }

  /** Samples of a batch. */
  batch(): number {
    return whole(this.batchSize, "Batch size", 1);
  }

  /** Options of one step. */
  stepOptions(lesson: Pick<Lesson, "loss" | "on">): TrainOptions & { readonly seed: number } {
    const accumulate = whole(this.accumulate, "Accumulated batches", 1);
    return {
      loss: this.#loss(lesson),
      ...(this.optimizer === "resume" ? {} : { optimizer: this.#optimizer() }),
      ...(this.scheduler === "" ? {} : { scheduler: { class: this.scheduler, ...told("Scheduler", this.schedulerArguments) } as SchedulerOptions }),
      seed: whole(this.seed, "Seed", 0),
      ...(this.trains === "last" ? { lastLayerOnly: true } : {}),
      ...(this.trains === "patterns" ? { freeze: list(this.freeze), only: list(this.only) } : {}),
      ...(this.freezeBatchNorm ? { freezeBatchNorm: true } : {}),
      ...(this.clip === "norm" ? { clipGradNorm: this.clipLimit ?? 1 } : {}),
      ...(this.clip === "value" ? { clipGradValue: this.clipLimit ?? 1 } : {}),
      ...(accumulate > 1 ? { accumulate } : {}),
    };
  }

  #loss({ loss, on }: Pick<Lesson, "loss" | "on">): string | LossOptions {
    const name = this.loss.trim() || loss;
    // A class with its arguments is an expression, and torch.nn is called nn in it.
    const expression = /^\w+Loss\(/.test(name) ? `nn.${name}` : name;
    return on.length === 0 ? expression : { name: expression, on };
  }

  #optimizer(): OptimizerOptions {
    const momentum = OPTIMIZERS.find(({ name }) => name === this.optimizer)?.momentum === true;
    const groups = this.groups.split("\n").filter((line) => line.trim() !== "").map(group);
    if (groups.length > 0 && !groups.some(({ params }) => params.includes("*"))) groups.push({ params: ["*"] });
    return {
      class: this.optimizer,
      ...(this.lr == null ? {} : { lr: this.lr }),
      ...(this.weightDecay == null ? {} : { weight_decay: this.weightDecay }),
      ...(momentum && this.momentum != null ? { momentum: this.momentum } : {}),
      ...told("Optimizer", this.more),
      ...(groups.length === 0 ? {} : { groups }),
    };
  }
}

function group(line: string): GroupOptions {
  const at = line.indexOf(":");
  const names = list(at < 0 ? line : line.slice(0, at));
  return { params: names, ...(at < 0 ? {} : told("Groups", line.slice(at + 1))) };
}

function told(where: string, text: string): { [name: string]: PlainValue } {
  try {
    return keywords(text);
  } catch (thrown) {
    throw new DataError(`${where}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

/** Names between commas, spaces and line ends. */
function list(text: string): string[] {
  return text.split(/[\s,]+/).filter((name) => name !== "");
}

function whole(value: number | null, name: string, least: number): number {
  if (value === null || !Number.isInteger(value) || value < least) throw new DataError(`${name} is a whole number, ${least} or more`);
  return value;
}
