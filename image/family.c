#include "image/family.h"

#include <string.h>

typedef struct {
    const char *sign;   /* how a class name begins, or what stands in a tensor's name */
    const char *family; /* as a message calls it */
} kind;

/* Earlier lines first. */
static const kind PIPELINES[] = {
    {"StableDiffusionXL", "a Stable Diffusion XL model"},
    {"StableDiffusionControlNet", "Stable Diffusion with a ControlNet"},
    {"StableDiffusion3", "a Stable Diffusion 3 model"},
    {"StableDiffusionUpscale", "Stable Diffusion's upscaler"},
    {"StableDiffusionLatentUpscale", "Stable Diffusion's upscaler"},
    {"StableDiffusionInstructPix2Pix", "an InstructPix2Pix model"},
    {"StableDiffusionDepth2Img", "Stable Diffusion 2 with depth"},
    {"StableVideoDiffusion", "a video model (Stable Video Diffusion)"},
    {"StableCascade", "a Stable Cascade model"},
    {"StableUnCLIP", "an unCLIP model"},
    {"Flux", "a FLUX model"},
    {"Chroma", "a Chroma model"},
    {"ZImage", "a Z-Image model"},
    {"QwenImage", "a Qwen-Image model"},
    {"PixArt", "a PixArt model"},
    {"Sana", "a Sana model"},
    {"AuraFlow", "an AuraFlow model"},
    {"HunyuanDiT", "a Hunyuan-DiT model"},
    {"HunyuanVideo", "a video model (HunyuanVideo)"},
    {"Lumina", "a Lumina model"},
    {"HiDream", "a HiDream model"},
    {"Kandinsky", "a Kandinsky model"},
    {"KolorsPipeline", "a Kolors model"},
    {"CogView", "a CogView model"},
    {"CogVideo", "a video model (CogVideoX)"},
    {"Mochi", "a video model (Mochi)"},
    {"LTX", "a video model (LTX)"},
    {"Wan", "a video model (Wan)"},
    {"AnimateDiff", "a video model (AnimateDiff)"},
    {"AltDiffusion", "an AltDiffusion model"},
    {"IF", "a DeepFloyd IF model"},
    {"Wuerstchen", "a Würstchen model"},
    {"AudioLDM", "a sound model (AudioLDM)"},
    {"StableAudio", "a sound model (Stable Audio)"},
    {"DDPMPipeline", "a model without a text encoder (DDPM)"},
    {"LDMTextToImage", "a latent diffusion model from before Stable Diffusion"},
};

static const kind TENSORS[] = {
    {"conditioner.embedders.1.", "a Stable Diffusion XL model"},
    {"conditioner.embedders.0.model.", "a Stable Diffusion XL refiner"},
    {"conditioner.embedders.0.open_clip.", "a video model (Stable Video Diffusion)"},
    {"text_encoders.clip_g.", "a Stable Diffusion 3 model"},
    {"joint_blocks.0.", "a Stable Diffusion 3 model"},
    {"double_blocks.0.img_attn", "a FLUX or HunyuanVideo model"},
    {"noise_refiner.0.", "a Lumina or Z-Image model"},
    {"transformer_blocks.0.img_mod", "a Qwen-Image model"},
    {"blocks.0.cross_attn.k_img", "a video model (Wan)"},
    {"blocks.0.self_attn.", "a video model (Wan)"},
    {"temporal_transformer", "a motion module (AnimateDiff)"},
    {"control_model.", "a ControlNet"},
    {"controlnet_cond_embedding.", "a ControlNet"},
    {"ip_adapter.", "an IP-Adapter"},
    {"lora_unet_", "a LoRA (--lora adds it to a model)"},
    {"lora_te_", "a LoRA (--lora adds it to a model)"},
    {".lora_A.weight", "a LoRA (--lora adds it to a model)"},
    {".lora_down.weight", "a LoRA (--lora adds it to a model)"},
    {"emb_params", "a textual inversion"},
};
enum { PIPELINE_COUNT = sizeof PIPELINES / sizeof *PIPELINES, TENSOR_COUNT = sizeof TENSORS / sizeof *TENSORS };

static const char WANTED[] = "Stable Diffusion 1.x and 2.x are run here (docs/models.md); diffusers, ComfyUI and stable-diffusion.cpp run many others";

bool family_accepts_pipeline(const char *class_name, const char *path, status *st)
{
    static const char *const RUN[] = {"StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline", "StableDiffusionInpaintPipeline", "LatentConsistencyModelPipeline",
                                      "LatentConsistencyModelImg2ImgPipeline"};
    for (size_t i = 0; i < sizeof RUN / sizeof *RUN; i++)
        if (strcmp(class_name, RUN[i]) == 0) return true;
    for (int i = 0; i < PIPELINE_COUNT; i++)
        if (strncmp(class_name, PIPELINES[i].sign, strlen(PIPELINES[i].sign)) == 0)
            return status_set(st, STATUS_INPUT, "%s: this is %s (%.60s), which is not supported; %s", path, PIPELINES[i].family, class_name, WANTED);
    return status_set(st, STATUS_INPUT, "%s: the pipeline '%.60s' is not supported; %s", path, class_name, WANTED);
}

bool family_accepts_tensors(const weights *w, const char *path, status *st)
{
    int first = TENSOR_COUNT; /* the earliest line of the table that some tensor has */
    for (int64_t i = 0; i < weights_count(w); i++) {
        const char *name;
        weights_at(w, i, &name);
        for (int k = 0; k < first; k++)
            if (strstr(name, TENSORS[k].sign)) first = k;
    }
    return first == TENSOR_COUNT || status_set(st, STATUS_INPUT, "%s: this is %s, which is not supported as a model; %s", path, TENSORS[first].family, WANTED);
}
