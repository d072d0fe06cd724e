#include "config.h"

#include "uploads/image_draw.h"

#include <stdint.h>
#include <stdio.h>

enum { WIDTH = 960, HEIGHT = 720 };

struct dice {
	uint32_t state;
};

/* Marsaglia, "Xorshift RNGs" (2003). */
static uint32_t roll(struct dice *d, uint32_t sides)
{
	d->state ^= d->state << 13;
	d->state ^= d->state >> 17;
	d->state ^= d->state << 5;
	return d->state % sides;
}

static double within(struct dice *d, double low, double high)
{
	return low + (high - low) * roll(d, 10000) / 10000.0;
}

static void colour(PixelWand *p, double hue, double saturation, double light)
{
	char text[64];

	snprintf(text, sizeof(text), "hsl(%.0f,%.0f%%,%.0f%%)", hue * 360,
	         saturation * 100, light * 100);
	PixelSetColor(p, text);
}

struct brush {
	DrawingWand *d;
	PixelWand *p;
	double hue;
};

static void fill(struct brush *b, double shift, double saturation, double light)
{
	double hue = b->hue + shift;

	colour(b->p, hue - (int)hue, saturation, light);
	DrawSetFillColor(b->d, b->p);
}

/* A table and the light on the wall behind it. */
static void draw_room(struct brush *b)
{
	for (int i = 0; i < 18; i++) {
		fill(b, 0.5, 0.25, 0.93 - i * 0.012);
		DrawRectangle(b->d, 0, i * 30, WIDTH, i * 30 + 30);
	}
	fill(b, 0.45, 0.3, 0.55);
	DrawRectangle(b->d, 0, 540, WIDTH, HEIGHT);
	fill(b, 0.45, 0.3, 0.42);
	DrawEllipse(b->d, WIDTH / 2.0, 600, 300, 40, 0, 360);
}

static void draw_box(struct brush *b, struct dice *d)
{
	double w = within(d, 130, 240), h = within(d, 180, 330);
	double x = WIDTH / 2.0, low = 600;

	fill(b, 0, 0.6, 0.45);
	DrawRectangle(b->d, x - w, low - h, x + w, low);
	fill(b, 0, 0.6, 0.6);
	DrawRectangle(b->d, x - w, low - h, x + w, low - h * 0.85);
	fill(b, 0.1, 0.2, 0.92);
	DrawRoundRectangle(b->d, x - w * 0.7, low - h * 0.7, x + w * 0.7,
	                   low - h * 0.25, 18, 18);
}

static void draw_jar(struct brush *b, struct dice *d)
{
	double w = within(d, 90, 170), h = within(d, 240, 400);
	double x = WIDTH / 2.0, low = 600;

	fill(b, 0, 0.55, 0.4);
	DrawRoundRectangle(b->d, x - w, low - h, x + w, low, 60, 60);
	fill(b, 0, 0.55, 0.55);
	DrawRoundRectangle(b->d, x - w * 0.8, low - h * 0.95, x - w * 0.5,
	                   low - h * 0.1, 20, 20);
	fill(b, 0.3, 0.5, 0.35);
	DrawRectangle(b->d, x - w * 0.6, low - h - 40, x + w * 0.6, low - h);
	fill(b, 0.1, 0.25, 0.9);
	DrawRectangle(b->d, x - w, low - h * 0.6, x + w, low - h * 0.3);
}

static void draw_bowl(struct brush *b, struct dice *d)
{
	double w = within(d, 200, 300), x = WIDTH / 2.0;

	for (int i = 0; i < 60; i++) {
		fill(b, within(d, 0, 0.12), 0.6, within(d, 0.3, 0.6));
		DrawEllipse(b->d, x + within(d, -w * 0.8, w * 0.8),
		            within(d, 360, 460), within(d, 18, 40),
		            within(d, 14, 30), 0, 360);
	}
	fill(b, 0.5, 0.35, 0.4);
	DrawEllipse(b->d, x, 450, w, 150, 0, 180);
	fill(b, 0.5, 0.35, 0.5);
	DrawEllipse(b->d, x, 450, w, 18, 0, 360);
}

/* Woven cloth: bands across a square. */
static void draw_cloth(struct brush *b, struct dice *d)
{
	double left = 260, top = 160, side = 440;

	fill(b, 0, 0.2, 0.95);
	DrawRectangle(b->d, left, top, left + side, top + side);
	for (int i = 0; i < 14; i++) {
		double at = within(d, 0, side - 24), wide = within(d, 6, 24);

		fill(b, within(d, 0, 0.4), 0.65, within(d, 0.3, 0.6));
		if (i % 2)
			DrawRectangle(b->d, left + at, top, left + at + wide,
			              top + side);
		else
			DrawRectangle(b->d, left, top + at, left + side,
			              top + at + wide);
	}
}

static void draw_all(struct brush *b, unsigned long number)
{
	static void (*const things[])(struct brush *, struct dice *) = {
		draw_box, draw_jar, draw_bowl, draw_cloth
	};
	struct dice d = { (uint32_t)(number * 2654435761u) | 1 };

	for (int i = 0; i < 8; i++)
		roll(&d, 2);
	b->hue = within(&d, 0, 1);
	draw_room(b);
	things[number % (sizeof(things) / sizeof(*things))](b, &d);
}

MagickWand *image_draw(unsigned long number)
{
	struct brush b = { NewDrawingWand(), NewPixelWand(), 0 };
	MagickWand *w = NewMagickWand();

	PixelSetColor(b.p, "white");
	MagickBooleanType done = MagickNewImage(w, WIDTH, HEIGHT, b.p);
	draw_all(&b, number);
	if (done != MagickFalse)
		done = MagickDrawImage(w, b.d);
	DestroyDrawingWand(b.d);
	DestroyPixelWand(b.p);
	return done == MagickFalse ? DestroyMagickWand(w) : w;
}
